import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions.js';

/**
 * The driver module is loaded here, because an application on PostgreSQL need not have it.
 * WAL with full synchronisation: what was acknowledged survives the end of the process at any moment.
 * What was deleted is overwritten in the file, and not merely released there.
 */
export function sqliteOptions(database: string): BetterSqlite3DataSourceOptions {
  mkdirSync(dirname(database), { recursive: true });
  makeFile(database);
  return {
    type: 'better-sqlite3',
    driver: createRequire(import.meta.url)('libsql') as unknown,
    database,
    enableWAL: true,
    prepareDatabase: (connection: { pragma(statement: string): void }) => {
      connection.pragma('synchronous = FULL');
      connection.pragma('busy_timeout = 5000');
      connection.pragma('secure_delete = ON');
    },
  };
}

/**
 * For the eyes of its owner only, and so are `-wal` and `-shm`, which take its mode. One that is there is not even opened:
 * when any of a process's descriptors of a file is closed, the process loses SQLite's locks on it.
 */
function makeFile(database: string): void {
  try {
    closeSync(openSync(database, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
