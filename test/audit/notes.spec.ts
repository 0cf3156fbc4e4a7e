import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { AuditEntry, AuditLog } from '../../src/index.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditWorker } from '../../src/audit/audit-worker.js';
import { NoteBuffer } from '../../src/audit/note-buffer.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

describe('notes in memory', () => {
  const purposesOf = (notes: ReturnType<NoteBuffer['oldest']>) =>
    notes.map(({ event, purpose, count }) => purpose ?? `${event} ${count}`);

  it('are kept up to a bound, and counted beyond it', () => {
    const notes = new NoteBuffer(2);
    expect(['a', 'b', 'c', 'd'].map((purpose) => notes.add(eventOf(purpose), 1))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(purposesOf(notes.oldest(9))).toEqual(['a', 'b', 'audit.notes_lost 2']);
  });

  it('stay until they are dropped, and what is counted meanwhile is counted apart', () => {
    const notes = new NoteBuffer(1);
    for (const purpose of ['a', 'b']) notes.add(eventOf(purpose), 1);
    const taken = notes.oldest(9).length;
    notes.add(eventOf('c'), 1);
    expect(purposesOf(notes.oldest(9))).toEqual(['a', 'audit.notes_lost 1', 'audit.notes_lost 1']);
    notes.drop(taken);
    expect(purposesOf(notes.oldest(9))).toEqual(['audit.notes_lost 1']);
  });
});

describe.each(databaseKinds)('notes for the audit log on %s', (kind) => {
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

  const purposes = async () =>
    (await stage.rows()).map(({ purpose, event, count }) => purpose ?? `${event} ${count}`);

  const until = async (condition: () => boolean | Promise<boolean>) => {
    const deadline = performance.now() + 60_000;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error('it has not happened');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('are written without being asked for, and so is what was recorded', async () => {
    clearInterval(stage.get(AuditWorker)['sweep']);
    const chained = async () => (await stage.rows()).filter(({ position }) => position !== null).length;
    for (const round of [1, 2, 3]) {
      stage.log.note(eventOf('noted'));
      await stage.log.record(eventOf('recorded'));
      await until(async () => (await chained()) === 2 * round);
    }
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 6 });
  });

  it('wait while the database cannot be written to, and are written once when it can', async () => {
    const table = 'ALTER TABLE latchkey_audit_head RENAME TO';
    await stage.dataSource.query(`${table} away`);
    for (const purpose of ['a', 'b', 'c']) stage.log.note(eventOf(purpose));
    await expect(stage.log.flush()).rejects.toThrow(/latchkey_audit_head/);
    stage.log.note(eventOf('d'));
    await stage.dataSource.query('ALTER TABLE away RENAME TO latchkey_audit_head');
    await stage.log.flush();
    expect(await purposes()).toEqual(['a', 'b', 'c', 'd']);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 4 });
  });

  it('are written once although nobody hears of the commit', async () => {
    const { manager } = stage.dataSource;
    const transaction = stage.dataSource.transaction.bind(stage.dataSource) as (
      action: unknown,
    ) => Promise<unknown>;
    stage.dataSource.transaction = async (action: unknown) => {
      await transaction(action);
      stage.dataSource.transaction = transaction;
      throw new Error('the connection broke');
    };
    stage.log.note(eventOf('a'));
    await expect(stage.log.flush()).rejects.toThrow('the connection broke');
    stage.log.note(eventOf('b'));
    await stage.log.flush();
    expect(await purposes()).toEqual(['a', 'b']);
    expect(await manager.count(AuditEntry)).toBe(2);
  });

  it('of a request that is answered while the application closes are written', async () => {
    const signals = new EventEmitter();
    const asked = once(signals, 'asked');
    @Controller()
    class SlowController {
      constructor(@Inject(AuditLog) private readonly log: AuditLog) {}

      @Get()
      async read() {
        signals.emit('asked');
        await once(signals, 'released');
        this.log.note(eventOf('late'));
        return {};
      }
    }
    const served = await Stage.serve(database, SlowController);
    const answer = fetch(served.url, { headers: { connection: 'close' } });
    await asked;
    const closing = served.app.close();
    await until(() => !served.server.listening);
    signals.emit('released');
    expect([(await answer).status, await closing]).toEqual([200, undefined]);
    expect(await purposes()).toEqual(['late']);
  });

  it('leave a row that says how many were lost, and a line in the log of the process', async () => {
    const { notes } = stage.get(AuditChain);
    while (notes.size < 50_000) notes.add(eventOf(`filling ${notes.size}`), 1);
    for (let lost = 0; lost < 3; lost += 1) stage.log.note(eventOf('lost'));
    notes.drop(49_998);
    await stage.log.flush();
    expect(await purposes()).toEqual(['filling 49998', 'filling 49999', 'audit.notes_lost 3']);
    expect((await stage.rows())[2]).toMatchObject({ outcome: 'failed', origin: 'noted' });
    expect(stage.logs.filter((line) => line.includes('are being lost'))).toHaveLength(1);
  });

  it('that say the same within a second are one row that says how many', async () => {
    const at = stage.clock.now();
    const { notes } = stage.get(AuditChain);
    for (const [purpose, second] of [
      ['a', 0],
      ['b', 0],
      ['a', 0],
      ['a', 1],
      ['a', 0],
    ] as const)
      notes.add(eventOf(purpose), at + second);
    await stage.log.flush();
    notes.add(eventOf('a'), at);
    await stage.log.flush();
    const rows = (await stage.rows()).map((row) => [row.purpose, row.at - at, row.count]);
    expect(rows).toEqual([
      ['a', 0, 3],
      ['b', 0, null],
      ['a', 1, null],
      ['a', 0, null],
    ]);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 4 });
  });

  it('of an event hold nothing but what an event has', async () => {
    stage.log.note({ ...eventOf('read'), accessToken: 'ya29.canary' } as never);
    await stage.log.record({ ...eventOf('read'), accessToken: 'ya29.canary' } as never);
    await stage.log.flush();
    expect((await database.dump()).includes('canary')).toBe(false);
  });
});
