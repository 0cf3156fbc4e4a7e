import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Sealer } from '../../src/sealing/sealer.js';
import { SealedTable, type ResealedRow } from '../../src/sealing/sealed-table.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from '../token-vault/vault-process.js';

const USERS = ['a', 'b', 'c', 'd', 'e'];

describe.each(databaseKinds)('a table with sealed rows on %s', (kind) => {
  let database: TemporaryDatabase;
  let process: VaultProcess;
  let table: SealedTable;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    process = await startVault(database.url, `one:${keyOf('one')},two:${keyOf('two')}`);
    await process.keepAll(USERS);
    table = SealedTable.allOf(process.dataSource).find(
      ({ name }) => name === 'latchkey_secrets',
    ) as SealedTable;
  });

  afterEach(async () => {
    await process.close();
    await database.drop();
  });

  /** All rows as they were read, with a seal under the other key. */
  async function resealed(): Promise<ResealedRow[]> {
    const sealer = process.module.get(Sealer, { strict: false });
    const rows = await table.next('one', 10);
    return Promise.all(
      rows.map(async (row) => {
        const binding = table.bindingOf(row);
        const next = await sealer.sealUnder('two', await sealer.open(row.sealed, binding), binding);
        return { ...row, next };
      }),
    );
  }

  it('is read in pieces, each row once, whatever happens to those before', async () => {
    const first = await table.next('one', 2);
    await process.dataSource.manager.delete(StoredSecret, first[0].entity['id']);
    const second = await table.next('one', 2, first.at(-1));
    const third = await table.next('one', 2, second.at(-1));
    const names = [...first, ...second, ...third].map(({ name }) => name);
    expect(new Set(names).size).toBe(5);
    expect(names).toHaveLength(5);
    expect(names).toEqual([...names].sort());
  });

  it('takes no seal of what has been written, removed or resealed since it was read (VC-08)', async () => {
    const rows = await resealed();
    await process.keep('a');
    const secrets = process.dataSource.getRepository(StoredSecret);
    await secrets.delete({ userId: 'b' });
    const written = await secrets.findOneByOrFail({ userId: 'a' });
    expect(await table.reseal(rows)).toBe(3);
    expect(await table.reseal(rows)).toBe(0);
    expect(await secrets.findOneByOrFail({ userId: 'a' })).toEqual(written);
    expect(await secrets.countBy({ userId: 'b' })).toBe(0);
    expect(await table.countByKey()).toEqual(
      new Map([
        ['one', 1],
        ['two', 3],
      ]),
    );
    for (const user of ['a', 'c', 'd', 'e']) expect(await process.read(user)).toBe(tokenOf(user));
  });

  if (kind === 'PostgreSQL')
    it('waits for nobody who holds a row', async () => {
      const rows = await resealed();
      await process.dataSource.transaction(async (manager) => {
        const lock = { mode: 'pessimistic_write' } as const;
        await manager.findOneOrFail(StoredSecret, { where: { userId: 'a' }, lock });
        expect(await table.reseal(rows)).toBe(4);
      });
      expect(await table.reseal(rows)).toBe(1);
    });
});
