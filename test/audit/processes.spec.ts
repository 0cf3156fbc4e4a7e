import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

const appender = fileURLToPath(new URL('./appender.js', import.meta.url));
const built = fileURLToPath(new URL('../../dist/src/', import.meta.url));

const TIME_LIMIT_MILLISECONDS = 180_000;

describe.each(databaseKinds)('several processes at one audit log on %s', (kind) => {
  let database: TemporaryDatabase;
  let stage: Stage;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    stage = await Stage.open(database);
  });

  afterEach(async () => {
    await stage.close();
    await database.drop();
  });

  /** Runs to its end, or until it has printed that many lines and is killed; then what it has printed. */
  async function append(name: string, rows: number, killAfter = Infinity): Promise<string[]> {
    if (!existsSync(built)) throw new Error('the backend is not built: run "npm run build" first');
    const env = { PATH: process.env['PATH'], DATABASE_URL: database.url, VAULT_KEYS: TEST_VAULT_KEYS };
    const child = spawn(process.execPath, [appender, name, String(rows)], { env });
    let [stdout, stderr] = ['', ''];
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.split('\n').length > killAfter) child.kill('SIGKILL');
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the process ended with ${code}: ${stderr}`);
    return stdout.split('\n').slice(0, -1);
  }

  const purposes = async () => (await stage.rows()).map(({ purpose }) => String(purpose));

  it(
    'make one chain, with every row of each of them',
    async () => {
      const names = ['one', 'two', 'three'];
      await Promise.all(names.map((name) => append(name, 600)));
      await stage.log.flush();
      const found = await purposes();
      for (const name of names) {
        const ownNotes = found.filter((purpose) => purpose.startsWith(`noted ${name} `));
        expect(ownNotes).toEqual(Array.from({ length: 600 }, (_, row) => `noted ${name} ${row}`));
        expect(found.filter((purpose) => purpose.startsWith(`recorded ${name} `))).toHaveLength(200);
      }
      expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 3 * 800 });
    },
    TIME_LIMIT_MILLISECONDS,
  );

  it(
    'leave a chain that verifies when they are killed in the middle, with every row that was committed',
    async () => {
      const acknowledged: string[] = [];
      for (const killAfter of [1, 40, 90, 140]) {
        const pair = ['killed', 'killed too'].map((name) => append(`${name} ${killAfter}`, 1e9, killAfter));
        acknowledged.push(...(await Promise.all(pair)).flat());
        await stage.log.record(eventOf(`after ${killAfter}`));
        await stage.log.flush();
        expect(await stage.verify()).toMatchObject({ isWhole: true });
      }
      const found = await purposes();
      expect(acknowledged.length).toBeGreaterThan(4 * 2);
      expect(acknowledged.filter((purpose) => !found.includes(purpose))).toEqual([]);
      expect(new Set(found).size).toBe(found.length);
    },
    TIME_LIMIT_MILLISECONDS,
  );
});
