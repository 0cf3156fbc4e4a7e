import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AuditEntry } from '../../src/index.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

const command = fileURLToPath(new URL('../../dist/src/audit-command.js', import.meta.url));

describe.each(databaseKinds)('the command for the audit log on %s, beside a backend that runs,', (kind) => {
  let database: TemporaryDatabase;
  let stage: Stage;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    stage = await Stage.open(database);
    await stage.write(5);
  });

  afterEach(async () => {
    await stage.close();
    await database.drop();
  });

  interface Ended {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }

  function run(words: readonly string[], variables: Record<string, string> = {}): Promise<Ended> {
    if (!existsSync(command)) throw new Error('the backend is not built: run "npm run build" first');
    const given = { DATABASE_URL: database.url, VAULT_KEYS: TEST_VAULT_KEYS, ...variables };
    const env = { PATH: process.env['PATH'], ...given };
    return new Promise((resolve) =>
      execFile(process.execPath, [command, ...words], { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
    );
  }

  const headOf = ({ stdout }: Ended): string => / head (\S+)\n/.exec(stdout)?.[1] ?? '';
  const alter = (position: number) =>
    stage.dataSource.manager.update(AuditEntry, { position }, { outcome: 'refused' });

  it('verifies, and prints the number of rows and a head to be expected later', async () => {
    const first = await run(['verify']);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/whole: 5 rows, head 5:[\w-]{43}\n$/),
    });
    await stage.write(3, 'later');
    const later = await run(['verify', '--expect', headOf(first)]);
    expect(later).toMatchObject({ code: 0, stdout: expect.stringContaining(' 8 rows') });
    await alter(4);
    expect(await run(['verify'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('at position 4:'),
    });
    const rest = await run(['verify', '--from', headOf(first)]);
    expect(rest).toMatchObject({ code: 0, stdout: expect.stringContaining(' 3 rows') });
  });

  it('tells of rows without proof beside what else is wrong, and a head to go on from', async () => {
    await stage.dataSource.manager.insert(AuditEntry, { ...eventOf('put in'), at: stage.clock.now() });
    await stage.write(2, 'later');
    const ended = await run(['verify']);
    expect(ended).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        / at position 6: nothing shows .*\nOtherwise it is whole: 8 rows, head 8:/,
      ),
    });
    await stage.write(2, 'afterwards');
    expect(await run(['verify', '--from', headOf(ended)])).toMatchObject({ code: 0 });
    await alter(7);
    expect(await run(['verify'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        / at position 7: .*\nRows of which nothing shows .* 1, the first at position 6\n$/,
      ),
    });
  });

  it('fails where the log does not contain the head that is expected', async () => {
    const ended = await run(['verify', '--expect', `9:${'A'.repeat(43)}`]);
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('at position 9:') });
  });

  it('prints every row as a line of JSON, with its place', async () => {
    const { code, stdout } = await run(['export']);
    const lines = stdout.split('\n');
    expect([code, lines.length, lines.pop()]).toEqual([0, 6, '']);
    const rows = await stage.rows();
    for (const [index, line] of lines.entries()) {
      const { id: _id, ...row } = rows[index];
      expect(JSON.parse(line)).toEqual(row);
    }
  });

  it('says what is wrong when it cannot judge, and repeats no secret', async () => {
    const other = Buffer.from('a key that nothing is sealed by!').toString('base64');
    const cases = [
      await run(['verify'], { VAULT_KEYS: `test:${other}` }),
      await run(['verify'], { VAULT_KEYS: `another:${other}` }),
      await run(['verify', '--expect', 'nonsense']),
      await run(['nonsense']),
      await run([]),
      await run(['verify', '--nonsense']),
    ];
    expect(cases.map(({ code }) => code)).toEqual(cases.map(() => 2));
    for (const { stdout, stderr } of cases) {
      expect(stderr.length).toBeGreaterThan(20);
      expect(stdout + stderr).not.toContain(other);
      expect(stderr).not.toMatch(/^ +at /m);
    }
    expect(cases.at(-1)?.stderr).toContain('audit:verify [--expect');
  });
});
