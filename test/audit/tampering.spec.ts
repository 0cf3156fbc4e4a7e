import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { DataSource, EntityTarget } from 'typeorm';
import {
  AuditEntry,
  AuditVerifier,
  Clock,
  createDataSource,
  dataSourceOptions,
  Keyring,
  Sealer,
  type AuditFacts,
} from '../../src/index.js';
import { AuditHead } from '../../src/audit/audit-head.entity.js';
import { AuditKey } from '../../src/audit/audit-key.entity.js';
import { FACTS, factsOf } from '../../src/audit/facts.js';
import { hashAfter, proofOf, removalProofOf, type ChainedEntry, type Link } from '../../src/audit/hashes.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { eventOf, Stage } from './stage.js';

const ROWS = 9;
const sealer = new Sealer(Keyring.parse(TEST_VAULT_KEYS));

/** Somebody who can write to the database, and knows everything but the vault keys. */
describe.each(databaseKinds)('an audit log on %s, with somebody at the database,', (kind) => {
  let database: TemporaryDatabase;
  let dataSource: DataSource;
  /** The end of the log as it was noted elsewhere. */
  let noted: Link;
  let untouched: object[][];

  const TABLES: EntityTarget<object>[] = [AuditEntry, AuditHead, AuditKey];

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    noted = await inApplication((stage) => stage.write(ROWS));
    dataSource = await createDataSource(dataSourceOptions(database.url)).initialize();
    untouched = await Promise.all(TABLES.map((table) => dataSource.manager.find(table)));
  });

  const putBack = async () => {
    for (const [index, table] of TABLES.entries()) {
      await dataSource.manager.deleteAll(table);
      await dataSource.manager.insert(table, untouched[index]);
    }
  };

  afterEach(putBack);

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  async function inApplication(action: (stage: Stage) => Promise<void>): Promise<Link> {
    const stage = await Stage.open(database);
    try {
      await action(stage);
      const { position, hash } = await stage.dataSource.manager.findOneByOrFail(AuditHead, { id: 1 });
      return { position, hash };
    } finally {
      await stage.close();
    }
  }

  const verify = (expected?: Link) =>
    new AuditVerifier(dataSource, sealer, new Clock()).verify({ expect: expected });

  const row = (position: number) =>
    dataSource.manager.findOneByOrFail(AuditEntry, { position }) as Promise<AuditEntry & ChainedEntry>;
  const alter = (position: number, changes: Partial<AuditEntry>) =>
    dataSource.manager.update(AuditEntry, { position }, changes);
  const remove = (...positions: number[]) =>
    Promise.all(positions.map((position) => dataSource.manager.delete(AuditEntry, { position })));
  const putHead = (head: Partial<AuditHead>) => dataSource.manager.update(AuditHead, 1, head);
  const forgery = { ...eventOf('forged'), at: 1 };

  /** Gives the rows from there on new hashes, as the code does it, by a key of one's own. */
  async function rehash(from: number): Promise<void> {
    const key = randomBytes(32);
    let last: Link = from === 1 ? { position: 0, hash: '' } : await row(from - 1);
    for (let position = from; position <= ROWS; position += 1) {
      last = { position, hash: hashAfter(key, last, await row(position)) };
      await alter(position, { hash: last.hash });
    }
    await putHead(last);
  }

  it('verifies as long as nobody writes', async () => {
    expect(await verify(noted)).toEqual({ isWhole: true, rows: ROWS, head: noted });
  });

  it.each([
    ...FACTS.map(({ property, length }) => ({ property, value: length === undefined ? 7 : 'other' })),
    { property: 'proof' as const, value: 'other' },
    { property: 'origin' as const, value: 'unproven' as const },
    { property: 'hash' as const, value: 'other' },
  ])('tells of a row whose $property was changed', async ({ property, value }) => {
    await alter(5, { [property]: value });
    expect(await verify()).toMatchObject({
      isWhole: false,
      position: 5,
      fault: expect.stringMatching(/not what was written/),
    });
  });

  it.each<[string, () => Promise<unknown>, object]>([
    ['a row that was removed', () => remove(5), { position: 5, fault: 'the row is missing' }],
    ['the first row when it was removed', () => remove(1), { position: 1 }],
    [
      'a row that was removed, although the gap was closed',
      async () => {
        await remove(5);
        for (let position = 6; position <= ROWS; position += 1)
          await alter(position, { position: position - 1 });
        await putHead({ position: ROWS - 1 });
      },
      { position: 5 },
    ],
    [
      'two rows that have changed places',
      async () => {
        await alter(4, { position: 99 });
        await alter(5, { position: 4 });
        await alter(99, { position: 5 });
      },
      { position: 4 },
    ],
    [
      'two rows that have changed places and hashes',
      async () => {
        const [one, other] = [await row(4), await row(5)];
        await alter(4, { position: 99, hash: other.hash });
        await alter(5, { position: 4, hash: one.hash });
        await alter(99, { position: 5 });
      },
      { position: 4 },
    ],
    [
      'a tail that was rewritten',
      async () => {
        await alter(6, { outcome: 'refused' });
        await rehash(6);
      },
      { position: 6 },
    ],
    ['a chain that was rewritten as a whole', () => rehash(1), { position: 1 }],
    [
      'a tail that was cut off',
      () => remove(8, 9),
      { position: 8, fault: expect.stringMatching(/ends before its head/) },
    ],
    [
      'a row that was put behind the head',
      () =>
        dataSource.manager.insert(AuditEntry, {
          ...forgery,
          origin: 'noted',
          position: ROWS + 1,
          hash: 'made up',
        }),
      { position: ROWS + 1 },
    ],
    ['another hash of the head', () => putHead({ hash: 'other' }), { position: ROWS }],
    [
      'a row that waits outside the chain for long',
      () => dataSource.manager.insert(AuditEntry, forgery),
      { position: undefined, fault: expect.stringMatching(/outside the chain/) },
    ],
    [
      'a beginning that was removed as if by retention',
      async () => {
        const { position, hash } = await row(3);
        await remove(1, 2, 3);
        const removedProof = removalProofOf(randomBytes(32), { position, hash });
        await putHead({ removedPosition: position, removedHash: hash, removedProof });
      },
      { position: 3, fault: expect.stringMatching(/retention is not proven/) },
    ],
    [
      'a key that was removed',
      () => dataSource.manager.delete(AuditKey, { id: 1 }),
      { fault: expect.stringMatching(/key or the head/) },
    ],
  ])('tells of %s', async (_, tamper, verdict) => {
    await tamper();
    expect(await verify()).toMatchObject({ isWhole: false, ...verdict });
  });

  it.each<[string, (facts: AuditFacts) => Promise<string | null>]>([
    ['without proof', async () => null],
    ['with a proof of another key', async (facts) => proofOf(randomBytes(32), facts)],
    [
      'with the proof of a row that it has displaced',
      async () => {
        const { proof } = await row(1);
        await remove(1);
        return proof;
      },
    ],
  ])('tells of a row %s that was chained in good faith', async (_, proofFor) => {
    const facts = factsOf(eventOf('forged'), 1);
    const proof = await proofFor(facts);
    await dataSource.manager.insert(AuditEntry, { ...facts, proof });
    await inApplication((stage) => stage.write(1, 'later'));
    expect([(await row(ROWS + 1)).origin, (await row(ROWS + 2)).origin]).toEqual(['unproven', 'recorded']);
    const verdict = await new AuditVerifier(dataSource, sealer, new Clock()).verify({ from: noted });
    expect(verdict).toMatchObject({ position: ROWS + 1, fault: expect.stringMatching(/nothing shows/) });
  });

  it('tells of a row of another history of the same log: of before a backup was put back', async () => {
    await inApplication((stage) => stage.write(2, 'one history'));
    const { id: _id, position: _position, ...foreign } = await row(ROWS + 1);
    await putBack();
    await inApplication((stage) => stage.write(2, 'another'));
    await alter(ROWS + 1, foreign);
    expect(await verify()).toMatchObject({ isWhole: false, position: ROWS + 2 });
  });

  it('takes no row twice', async () => {
    const { id: _id, position: _position, hash: _hash, origin: _origin, ...copy } = await row(1);
    await expect(dataSource.manager.insert(AuditEntry, copy)).rejects.toThrow(/unique/i);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'a tail that was cut off, although the head was put back',
      async () => {
        await remove(8, 9);
        const { position, hash } = await row(7);
        await putHead({ position, hash });
      },
    ],
    [
      'everything that was removed, and a chain that was begun anew',
      async () => {
        for (const entity of [AuditEntry, AuditHead, AuditKey]) await dataSource.manager.deleteAll(entity);
        await inApplication((stage) => stage.write(ROWS));
      },
    ],
  ])('tells of %s by a head that was noted elsewhere, and by nothing else', async (_, tamper) => {
    await tamper();
    expect(await verify()).toMatchObject({ isWhole: true });
    expect(await verify(noted)).toMatchObject({ isWhole: false, position: ROWS });
  });

  it('begins no chain under another key, and goes on writing rows', async () => {
    await dataSource.manager.delete(AuditKey, { id: 1 });
    const stage = await Stage.open(database);
    await stage.log.record(eventOf('afterwards'));
    await expect(stage.log.flush()).rejects.toMatchObject({ code: 'vault.integrity_error' });
    const unchained = (await stage.rows()).filter(({ position }) => position === null);
    await stage.close();
    expect(unchained).toMatchObject([{ purpose: 'afterwards', proof: null }]);
    expect(stage.logs.join('\n')).toMatch(/the key of the audit log is gone/i);
  });
});
