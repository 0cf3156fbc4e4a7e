import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Repository } from 'typeorm';
import type { Sealed } from '../../src/sealing/sealed.js';
import { LastUses } from '../../src/token-vault/renewal/last-uses.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from './vault-process.js';

const ROWS = 20;
const USERS = Array.from({ length: ROWS }, (_, index) => `user-${index}`);
const COLUMNS = ['wrappedKey', 'ciphertext'] as const;
const DAMAGE = 'vault.integrity_error';

describe.each(databaseKinds)('twenty rows of the vault in %s', (kind) => {
  let database: TemporaryDatabase;
  let process: VaultProcess;
  let secrets: Repository<StoredSecret>;
  let rows: StoredSecret[];

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    process = await startVault(database.url, `one:${keyOf('one')},two:${keyOf('two')}`);
    secrets = process.dataSource.getRepository(StoredSecret);
    await process.keepAll(USERS);
    // That they are used is written down now, and not again within the hour.
    for (const user of USERS) await process.read(user);
    await process.module.get(LastUses).flush();
    rows = await inOrder();
  });

  afterAll(async () => {
    await process.close();
    await database.drop();
  });

  const inOrder = async (): Promise<StoredSecret[]> => {
    const found = await secrets.find();
    return USERS.map((user) => found.find(({ userId }) => userId === user) as StoredSecret);
  };

  const put = (row: StoredSecret, sealed: Sealed) => secrets.update(row.id, { sealed });
  const restore = () => Promise.all(rows.map((row) => put(row, row.sealed)));

  const verdictOf = (user: string): Promise<unknown> =>
    process.read(user).catch((error: unknown) => (error as { code?: unknown }).code);

  it('are refused after every change of a byte, and stay as they are (VC-02)', async () => {
    const verdicts = new Map<unknown, number>();
    for (const row of rows)
      for (const column of COLUMNS) {
        const bytes = Buffer.from(row.sealed[column], 'base64');
        for (let index = 0; index < bytes.length; index += 1) {
          const altered = Buffer.from(bytes);
          altered[index] ^= 1 << (index % 8);
          await put(row, { ...row.sealed, [column]: altered.toString('base64') });
          const verdict = await verdictOf(row.userId);
          verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        }
        await put(row, row.sealed);
      }
    const bytes = rows.flatMap(({ sealed }) =>
      COLUMNS.map((column) => Buffer.from(sealed[column], 'base64').length),
    );
    expect([...verdicts]).toEqual([[DAMAGE, bytes.reduce((sum, length) => sum + length, 0)]]);
    expect(await inOrder()).toEqual(rows);
  }, 240_000);

  it('are refused under any other key’s name (VC-02)', async () => {
    for (const row of rows) await put(row, { ...row.sealed, keyId: 'two' });
    expect(new Set(await Promise.all(USERS.map(verdictOf)))).toEqual(new Set([DAMAGE]));
    await restore();
  });

  it.each([
    ['expiresAt', 99_999_999_999],
    ['refreshTokenExpiresAt', 99_999_999_999],
    ['hasRefreshToken', null],
    ['scope', 'everything'],
    ['tokenType', 'Other'],
    ['subject', 'somebody else'],
    ['obtainedAt', 1],
    ['version', 99],
  ] as const)(
    'are refused once a column in clear is another, although they were read before: %s (VC-02)',
    async (column, to) => {
      const [row] = rows;
      expect(await verdictOf(row.userId)).not.toBe(DAMAGE);
      const value = to ?? (typeof row[column] === 'boolean' ? !row[column] : row[column]);
      await secrets.update(row.id, { [column]: value });
      const verdict = await verdictOf(row.userId);
      await secrets.update(row.id, { [column]: row[column] });
      expect(verdict).toBe(value === row[column] ? await verdictOf(row.userId) : DAMAGE);
    },
  );

  it('are refused in the place of each other, whole or in part (VC-03)', async () => {
    for (const [index, first] of rows.entries())
      for (const second of rows.slice(index + 1)) {
        await put(first, second.sealed);
        await put(second, { ...second.sealed, wrappedKey: first.sealed.wrappedKey });
        expect([await verdictOf(first.userId), await verdictOf(second.userId)]).toEqual([DAMAGE, DAMAGE]);
        await put(first, first.sealed);
        await put(second, second.sealed);
      }
    expect(await inOrder()).toEqual(rows);
  }, 120_000);

  it('are refused when any older state of them is put back (VC-05)', async () => {
    const states = [rows];
    for (let round = 0; round < 2; round += 1) {
      await process.keepAll(USERS);
      states.push(await inOrder());
    }
    const newest = states.pop() as StoredSecret[];
    for (const older of states) {
      for (const row of older) await put(row, row.sealed);
      expect(new Set(await Promise.all(USERS.map(verdictOf)))).toEqual(new Set([DAMAGE]));
    }
    rows = newest;
    await restore();
    expect(await inOrder()).toEqual(newest);
  });

  it('are all there in the end, and 10,000 reads raise no false alarm (F5)', async () => {
    expect(await secrets.count()).toBe(ROWS);
    for (let read = 0; read < 10_000; read += 1) {
      const user = USERS[read % ROWS];
      if ((await process.read(user)) !== tokenOf(user)) throw new Error(`read ${read} is another token`);
    }
  }, 120_000);
});
