import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../src/index.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

/** Of a process that cannot open the key of the log, as where its key service is away. */
const ANOTHER_KEY = `another:${Buffer.from('a key that nothing is sealed by!').toString('base64')}`;

describe.each(databaseKinds)('rows of the audit log on %s that were written without proof', (kind) => {
  let database: TemporaryDatabase;
  let stage: Stage;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    stage = await Stage.open(database);
    await stage.write(2, 'before');
    await writeWithoutKey('one', 'two');
    await stage.write(2, 'after');
  });

  afterEach(async () => {
    await stage.close();
    await database.drop();
  });

  async function writeWithoutKey(...purposes: string[]): Promise<void> {
    const keyless = await Stage.open(database, { keys: ANOTHER_KEY });
    for (const purpose of purposes) await keyless.log.record(eventOf(purpose));
    await keyless.close();
  }

  const alter = (position: number) =>
    stage.dataSource.manager.update(AuditEntry, { position }, { outcome: 'refused' });

  it('are counted, and those after them are judged: the chain is whole but for them', async () => {
    const [last] = (await stage.rows()).slice(-1);
    expect(await stage.verify()).toEqual({
      isWhole: false,
      position: 3,
      fault: 'nothing shows that Latchkey wrote the row, nor 1 after it',
      unproven: { count: 2, first: 3 },
      verified: { rows: 6, head: { position: 6, hash: last.hash } },
    });
  });

  it('hide nothing that was done to rows after them', async () => {
    await alter(6);
    expect(await stage.verify()).toEqual({
      isWhole: false,
      position: 6,
      fault: 'the row, or its place, is not what was written',
      unproven: { count: 2, first: 3 },
    });
  });

  it('concern nobody who begins after the head that was told with them', async () => {
    const { verified } = (await stage.verify()) as {
      verified?: { head: { position: number; hash: string } };
    };
    await stage.write(1, 'later');
    expect(await stage.verify({ from: verified?.head })).toMatchObject({ isWhole: true, rows: 1 });
    await writeWithoutKey('three');
    await stage.log.flush();
    expect(await stage.verify({ from: verified?.head })).toMatchObject({
      fault: 'nothing shows that Latchkey wrote the row',
      unproven: { count: 1, first: 8 },
    });
  });
});
