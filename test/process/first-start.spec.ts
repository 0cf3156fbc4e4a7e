import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { latchkeyMigrations, openDataSource } from '../../src/database/data-source.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';

const script = fileURLToPath(new URL('./opening-process.js', import.meta.url));
const built = fileURLToPath(new URL('../../dist/src/', import.meta.url));

const PROCESSES = 10;
const TIME_LIMIT_MILLISECONDS = 240_000;

describe.each(databaseKinds)('processes that start at the same time on an empty %s', (kind) => {
  let database: TemporaryDatabase;
  let processes: ChildProcess[];

  beforeEach(async () => {
    if (!existsSync(built)) throw new Error('the backend is not built: run "npm run build" first');
    database = await temporaryDatabase(kind);
    processes = [];
  });

  afterEach(async () => {
    for (const child of processes) child.kill('SIGKILL');
    await database.drop();
  });

  const start = (): ChildProcess => {
    const child = fork(script, [database.url], { env: { PATH: process.env['PATH'] }, execArgv: [] });
    processes.push(child);
    return child;
  };
  const answerOf = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0];

  it(
    'all find the newest schema, which one of them has made',
    async () => {
      const children = Array.from({ length: PROCESSES }, start);
      await Promise.all(children.map(answerOf));
      const answers = children.map(answerOf);
      for (const child of children) child.send('open');
      expect(await Promise.all(answers)).toEqual(children.map(() => ({ isOpened: true })));

      const dataSource = await openDataSource(database.url);
      const rows: { name: string }[] = await dataSource.query('SELECT name FROM migrations ORDER BY id');
      await dataSource.destroy();
      expect(rows.map(({ name }) => name)).toEqual(latchkeyMigrations.map(({ name }) => name));
    },
    TIME_LIMIT_MILLISECONDS,
  );
});
