import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry, AuditModule } from '../../src/index.js';
import { AuditRetention } from '../../src/audit/audit-retention.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

const DAY = 86_400;

describe.each(databaseKinds)('retention of the audit log on %s', (kind) => {
  let database: TemporaryDatabase;
  let stage: Stage;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    stage = await Stage.open(database, { retentionDays: 30 });
  });

  afterEach(async () => {
    await stage.close();
    await database.drop();
  });

  const sweep = () => stage.get(AuditRetention).sweep();
  const positions = async () => (await stage.rows()).map(({ position }) => position);

  it('removes what is older, the oldest first, and what remains verifies from there', async () => {
    await stage.write(600);
    stage.clock.advance(29 * DAY);
    await stage.write(2);
    await sweep();
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 602 });
    stage.clock.advance(2 * DAY);
    await sweep();
    expect(await positions()).toEqual([601, 602]);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 2, head: { position: 602 } });
    await stage.write(1);
    expect(await positions()).toEqual([601, 602, 603]);
  });

  it('leaves an empty log that goes on where it was', async () => {
    await stage.write(3);
    stage.clock.advance(31 * DAY);
    await sweep();
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 0, head: { position: 3 } });
    await stage.write(2);
    expect(await positions()).toEqual([4, 5]);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 2 });
  });

  it('tells whoever expects a row that it has removed', async () => {
    await stage.write(3);
    const [{ position, hash }] = (await stage.rows()) as { position: number; hash: string }[];
    stage.clock.advance(31 * DAY);
    await sweep();
    expect(await stage.verify({ expect: { position, hash } })).toMatchObject({ isWhole: false, position: 1 });
  });

  it('removes nothing of a chain that is broken: it is evidence', async () => {
    await stage.write(3);
    await stage.dataSource.manager.update(AuditEntry, { position: 2 }, { at: 1 });
    stage.clock.advance(31 * DAY);
    await expect(sweep()).rejects.toMatchObject({ code: 'vault.integrity_error' });
    expect(await positions()).toEqual([1, 2, 3]);
  });

  it('is not held up by rows of a clock that was ahead once, which go with the old ones after them', async () => {
    stage.clock.advance(3650 * DAY);
    for (let index = 0; index < 1001; index += 1) stage.log.note(eventOf(`ahead-${index}`));
    await stage.log.flush();
    stage.clock.advance(-3650 * DAY);
    await stage.write(2, 'right');
    stage.clock.advance(31 * DAY);
    await stage.write(1, 'young');
    await sweep();
    expect(await positions()).toEqual([1004]);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 1 });
  });

  it('keeps a row that is ahead of the clock as long as nothing old comes after it', async () => {
    await stage.write(2);
    stage.clock.advance(31 * DAY + 3600);
    await stage.write(1, 'ahead');
    stage.clock.advance(-3600);
    await sweep();
    expect(await positions()).toEqual([3]);
    await stage.write(1, 'young');
    await sweep();
    expect(await positions()).toEqual([3, 4]);
  });

  it('lets nobody put a row that it has removed into the log as one of ours', async () => {
    await stage.log.record(eventOf('removed'));
    await stage.log.flush();
    const [{ id: _id, position: _position, hash: _hash, origin: _origin, ...copy }] = await stage.rows();
    stage.clock.advance(31 * DAY);
    await stage.write(1, 'young');
    await sweep();
    await stage.dataSource.manager.insert(AuditEntry, copy);
    await stage.log.flush();
    const rows = await stage.rows();
    expect(rows.map(({ purpose, origin }) => [purpose, origin])).toEqual([
      ['young-0', 'recorded'],
      ['removed', 'unproven'],
    ]);
    expect(await stage.verify()).toMatchObject({ isWhole: false, unproven: { count: 1, first: 3 } });
  });

  it('removes nothing where nobody asks for it', async () => {
    const other = await Stage.open(database);
    await other.write(1);
    other.clock.advance(10_000 * DAY);
    await other.get(AuditRetention).sweep();
    expect(await positions()).toEqual([1]);
    await other.close();
  });

  it('is of a day at least', () => {
    for (const retentionDays of [0, -1, Number.NaN])
      expect(() => AuditModule.forRoot({ retentionDays })).toThrow('retentionDays');
  });
});
