import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuditEntry,
  AuditTrail,
  latchkeyMigrations,
  createDataSource,
  dataSourceOptions,
} from '../../src/index.js';
import { AuditChain1764800000000 } from '../../src/database/migrations/1764800000000-audit-chain.js';
import { Rotation } from '../../src/sealing/rotation/rotation.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

describe.each(databaseKinds)('the chain of the audit log on %s', (kind) => {
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

  it('has every row once, recorded and noted alike, without gaps, and verifies', async () => {
    await stage.write(700);
    const rows = await stage.rows();
    expect(rows.map(({ position }) => position)).toEqual(rows.map((_, index) => index + 1));
    expect(new Set(rows.map(({ purpose }) => purpose)).size).toBe(700);
    expect(rows.filter(({ origin }) => origin === 'recorded')).toHaveLength(350);
    expect(rows[1]).toMatchObject({ ...eventOf(String(rows[1].purpose)), reason: null, secretId: null });
    const head = { position: 700, hash: rows[699].hash };
    expect(await stage.verify()).toEqual({ isWhole: true, rows: 700, head });
  });

  it('has what a transaction recorded if and only if it was committed', async () => {
    await stage.dataSource.transaction((manager) => stage.log.record(eventOf('kept'), manager));
    const fails = stage.dataSource.transaction(async (manager) => {
      await stage.log.record(eventOf('undone'), manager);
      throw new Error('undone');
    });
    await expect(fails).rejects.toThrow('undone');
    await stage.log.flush();
    expect((await stage.rows()).map(({ purpose }) => purpose)).toEqual(['kept']);
  });

  /** On SQLite a transaction has the database alone, and there is nothing to wait for. */
  if (kind === 'PostgreSQL')
    it('waits for no transaction that records, and places its rows once they are committed', async () => {
      await stage.dataSource.transaction(async (manager) => {
        await stage.log.record(eventOf('slow'), manager);
        await stage.log.record(eventOf('quick'));
        await stage.log.flush();
        expect((await stage.rows()).map(({ purpose, position }) => [purpose, position])).toEqual([
          ['quick', 1],
        ]);
      });
      await stage.log.flush();
      expect((await stage.rows()).map(({ purpose }) => purpose)).toEqual(['quick', 'slow']);
      expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 2 });
    });

  it('goes on and verifies when the vault keys were rotated, and the old one is gone', async () => {
    const fresh = `fresh:${Buffer.from('and one that was made much later').toString('base64')}`;
    await stage.write(2);
    await stage.close();
    const rotating = await Stage.open(database, { keys: `${fresh},${TEST_VAULT_KEYS}` });
    await rotating.get(Rotation).run();
    await rotating.write(2, 'rotated');
    await rotating.close();
    stage = await Stage.open(database, { keys: fresh });
    await stage.write(2, 'afterwards');
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 6 });
  });

  it('goes on after the process has ended, with the notes of its last moment', async () => {
    await stage.write(3);
    stage.log.note(eventOf('last'));
    await stage.close();
    stage = await Stage.open(database);
    await stage.write(2, 'next');
    expect((await stage.rows())[3]).toMatchObject({ purpose: 'last', origin: 'noted' });
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 6 });
  });

  it('holds texts in the form in which both databases give them back', async () => {
    const long = { purpose: 'p'.repeat(70), statedReason: `a\0b\ud800${'c'.repeat(300)}` };
    await stage.log.record({ ...eventOf('first'), ...long });
    stage.log.note({ ...eventOf('second'), ...long });
    await stage.log.flush();
    for (const row of await stage.rows()) {
      expect(row.purpose).toBe('p'.repeat(64));
      expect(row.statedReason).toBe(`ab\ufffd${'c'.repeat(253)}`);
    }
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 2 });
  });

  it('is verified while others append to it', async () => {
    await stage.write(50);
    const other = await Stage.open(database);
    const writing = other.write(200, 'meanwhile');
    const verdicts = [];
    for (let time = 0; time < 10; time += 1) verdicts.push(await stage.verify());
    await writing;
    await other.close();
    expect(verdicts.every(({ isWhole }) => isWhole)).toBe(true);
    expect(await stage.verify()).toMatchObject({ isWhole: true, rows: 250 });
  });

  it('shows a user what was done to them, the newest first, page by page', async () => {
    for (const purpose of ['a', 'b', 'c', 'd']) {
      await stage.log.record(eventOf(purpose));
      stage.log.note(eventOf(purpose, 'somebody else'));
    }
    await stage.log.flush();
    await stage.log.record({ ...eventOf('stored'), event: 'secret.stored' });
    stage.log.note(eventOf('e'));
    const trail = stage.get(AuditTrail);
    const all = await trail.ofUser('user00000001');
    const reads = { event: 'secret.read', limit: 3 };
    const first = await trail.ofUser('user00000001', reads);
    const second = await trail.ofUser('user00000001', { ...reads, before: first[2].position });
    expect(all.map(({ event }) => event).slice(0, 3)).toEqual([
      'secret.read',
      'secret.stored',
      'secret.read',
    ]);
    expect(first.map(({ purpose }) => purpose)).toEqual(['e', 'd', 'c']);
    expect(second.map(({ purpose }) => purpose)).toEqual(['b', 'a']);
    expect(Object.keys(first[0])).not.toContain('hash');
  });

  it('begins with the rows that were there before it', async () => {
    const empty = await temporaryDatabase(kind);
    const before = latchkeyMigrations.slice(0, latchkeyMigrations.indexOf(AuditChain1764800000000));
    const old = await createDataSource({ ...dataSourceOptions(empty.url), migrations: before }).initialize();
    await old.runMigrations();
    for (const userId of ['one', 'two'])
      await old.query(
        `INSERT INTO latchkey_audit_log (at, event, outcome, user_id) VALUES (1, 'user.created', 'done', '${userId}')`,
      );
    await old.destroy();
    const renewed = await Stage.open(empty);
    await renewed.write(1);
    const rows = await renewed.rows();
    const verdict = await renewed.verify();
    await renewed.close();
    await empty.drop();
    expect(rows.map(({ userId, origin }) => [userId, origin])).toEqual([
      ['one', 'recorded'],
      ['two', 'recorded'],
      ['user00000001', 'recorded'],
    ]);
    expect(verdict).toMatchObject({ isWhole: true, rows: 3 });
  });

  it('can be taken back to the log without a chain, with its rows', async () => {
    const empty = await temporaryDatabase(kind);
    const migrations = latchkeyMigrations.slice(0, latchkeyMigrations.indexOf(AuditChain1764800000000) + 1);
    const dataSource = await createDataSource({ ...dataSourceOptions(empty.url), migrations }).initialize();
    await dataSource.runMigrations();
    await dataSource.manager.insert(AuditEntry, { ...eventOf('kept'), at: 1, position: 1, hash: 'h' });
    await dataSource.undoLastMigration();
    const rows: unknown[] = await dataSource.query('SELECT * FROM latchkey_audit_log');
    await dataSource.runMigrations();
    const [row] = await dataSource.manager.find(AuditEntry);
    await dataSource.destroy();
    await empty.drop();
    expect(rows).toHaveLength(1);
    expect(rows[0]).not.toHaveProperty('position');
    expect(row).toMatchObject({ id: 1, userId: 'user00000001', position: null, purpose: null });
  });
});
