import pg from 'pg';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

declare const POSTGRES_URL: string | undefined;

export type DatabaseKind = 'SQLite' | 'PostgreSQL';

/** PostgreSQL is absent where no server answers; the run says so at its end. */
export const databaseKinds: DatabaseKind[] =
  typeof POSTGRES_URL === 'string' ? ['SQLite', 'PostgreSQL'] : ['SQLite'];

export interface TemporaryDatabase {
  readonly kind: DatabaseKind;
  readonly url: string;
  /** Everything that the database has written to disk, or all rows of all tables as text. */
  dump(): Promise<Buffer>;
  drop(): Promise<void>;
}

/** An empty database of its own for one suite. */
export const temporaryDatabase = (kind: DatabaseKind): Promise<TemporaryDatabase> =>
  kind === 'SQLite' ? Promise.resolve(temporarySqlite()) : temporaryPostgres();

function temporarySqlite(): TemporaryDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const file = join(folder, 'test.sqlite');
  return {
    kind: 'SQLite',
    url: `sqlite:${file}`,
    dump: async () => {
      const { readFile } = await import('node:fs/promises');
      // In this order: what leaves the one is in the other by then.
      const log = await readFile(`${file}-wal`).catch(() => Buffer.alloc(0));
      return Buffer.concat([await readFile(file), log]);
    },
    drop: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
}

async function temporaryPostgres(): Promise<TemporaryDatabase> {
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`;
  const url = new URL(POSTGRES_URL as string);
  await onPostgres(url.href, (client) => client.query(`CREATE DATABASE ${name}`));
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    kind: 'PostgreSQL',
    url: own.href,
    dump: () => onPostgres(own.href, dumpPostgres),
    drop: () =>
      onPostgres(url.href, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

async function dumpPostgres(client: pg.Client): Promise<Buffer> {
  const { rows: tables } = await client.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    parts.push(...rows.map(({ row }) => row));
  }
  return Buffer.from(parts.join('\n'));
}

async function onPostgres<Result>(
  connectionString: string,
  action: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}
