import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import { CombinedKeys } from '../../src/sealing/combined-keys.js';
import { HashicorpTransit } from '../../src/sealing/hashicorp-transit.js';
import { KeyChecks } from '../../src/sealing/key-checks.js';
import { KeyEncryption } from '../../src/sealing/key-encryption.js';
import { KeyRecord } from '../../src/sealing/key-record.entity.js';
import { Keyring } from '../../src/sealing/keyring.js';
import { Sealer } from '../../src/sealing/sealer.js';
import { bindingOf } from '../../src/sealing/sealed-for.js';
import { SealedTable } from '../../src/sealing/sealed-table.js';
import { latchkeyEntities } from '../../src/database/data-source.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { startTransit, TRANSIT_TOKEN, type ScriptedTransit } from '../support/scripted-transit.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from '../token-vault/vault-process.js';

const ONE = `one:${keyOf('one')}`;
const TWO = `two:${keyOf('two')}`;
const OTHER_ONE = `one:${keyOf('another')}`;

describe.each(databaseKinds)('the keys that an instance starts with, on %s', (kind) => {
  let database: TemporaryDatabase;

  beforeEach(async () => void (database = await temporaryDatabase(kind)));
  afterEach(() => database.drop());

  /** One process after the other: on SQLite there is one at a time. */
  async function within(
    keys: string | KeyEncryption,
    act: (process: VaultProcess) => unknown,
  ): Promise<void> {
    const process = await startVault(database.url, keys);
    try {
      await act(process);
    } finally {
      await process.close();
    }
  }

  const nothing = () => undefined;

  it.each([
    ['one that encrypts', OTHER_ONE],
    ['one that only decrypts', `${TWO},${OTHER_ONE}`],
  ])('are refused when %s has another key’s id (VC-06)', async (_, keys) => {
    await within(ONE, nothing);
    const refusal = within(Keyring.parse(keys, 'VAULT_KEYS'), nothing);
    await expect(refusal).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^VAULT_KEYS: the key "one" is not the one/) as unknown,
    });
    await expect(refusal).rejects.not.toThrow(new RegExp(keyOf('another').slice(0, 12)));
  });

  it('are known from when they are distributed, before they encrypt anything (VC-06, VC-10)', async () => {
    await within(`${ONE},${TWO}`, nothing);
    await expect(within(`two:${keyOf('mistyped')},${ONE}`, nothing)).rejects.toThrow(/the key "two"/);
    await within(`${TWO},${ONE}`, async ({ dataSource }) => {
      const records = await dataSource.getRepository(KeyRecord).find({ order: { id: 'ASC' } });
      expect(records.map(({ id }) => id)).toEqual(['one', 'two']);
    });
  });

  it('are refused when they open none of the rows that are older than the record of them (VC-06)', async () => {
    await within(ONE, async (process) => {
      await process.keepAll(['a', 'b', 'c']);
      await process.dataSource.getRepository(KeyRecord).clear();
    });
    await expect(within(OTHER_ONE, nothing)).rejects.toThrow(/the key "one" is not the one/);
    await within(ONE, async (process) => expect(await process.read('a')).toBe(tokenOf('a')));
  });

  it('are taken when one of the rows that are older than the record of them is damaged', async () => {
    await within(ONE, async (process) => {
      await process.keepAll(['a', 'b', 'c']);
      await process.dataSource.getRepository(KeyRecord).clear();
      await process.dataSource.getRepository(StoredSecret).update({ userId: 'a' }, { scope: 'everything' });
    });
    await within(ONE, async (process) => expect(await process.read('b')).toBe(tokenOf('b')));
  });

  it('are taken by ten that start at once, of which none is in the way of another', async () => {
    await within(ONE, async (process) => {
      const records = process.dataSource.getRepository(KeyRecord);
      await records.clear();
      const { keys, sealer } = partsOf(process);
      const checks = () => new KeyChecks(keys, sealer, process.dataSource, new Clock());
      await Promise.all(Array.from({ length: 10 }, () => checks().check()));
      expect(await records.count()).toBe(1);
    });
  });

  it('let one that knows less read what it can, and neither delete nor overwrite the rest (VC-10)', async () => {
    await within(`${TWO},${ONE}`, (ahead) => ahead.keep('a'));
    await within(ONE, async (behind) => {
      await behind.keep('b');
      await expect(behind.read('a')).rejects.toMatchObject({ code: 'vault.key_unavailable' });
      expect(behind.logs.some((line) => /rows of latchkey_secrets .*under the key "two"/.test(line))).toBe(
        true,
      );
      await behind.rotation.run();
    });
    await within(`${TWO},${ONE}`, async (ahead) => {
      expect(await ahead.read('a')).toBe(tokenOf('a'));
      expect(await ahead.read('b')).toBe(tokenOf('b'));
    });
  });

  describe('with a key service elsewhere', () => {
    let transit: ScriptedTransit;

    beforeEach(async () => void (transit = await startTransit()));
    afterEach(() => transit.close());

    const remote = () =>
      new HashicorpTransit({ url: transit.url, key: 'latchkey', token: new Secret(TRANSIT_TOKEN) });
    const local = () => Keyring.parse(ONE);

    it('start although it is away, and it is looked at later', async () => {
      await within(new CombinedKeys(remote(), local()), (process) => process.keep('a'));
      transit.script = () => ({ status: 503 });
      await within(new CombinedKeys(local(), remote()), async (process) => {
        expect(process.logs.some((line) => line.includes('A key service does not answer'))).toBe(true);
        await process.keep('b');
        expect(await process.read('b')).toBe(tokenOf('b'));
        await expect(process.read('a')).rejects.toMatchObject({ code: 'vault.key_unavailable' });
        transit.script = () => undefined;
        expect(await process.read('a')).toBe(tokenOf('a'));
      });
    });

    it('are refused when it has another key of the same name and version (VC-06)', async () => {
      await within(remote(), nothing);
      transit.recreate();
      await expect(within(remote(), nothing)).rejects.toThrow(
        /VAULT_TRANSIT_KEY: the key "transit:latchkey:v1"/,
      );
    });

    it('move there and back by rotation, through a new version of its key', async () => {
      const users = ['a', 'b', 'c'];
      const readAll = async (process: VaultProcess) => {
        for (const user of users) expect(await process.read(user)).toBe(tokenOf(user));
      };
      const rotate = async (process: VaultProcess) => {
        await process.rotation.run();
        expect((await process.progress()).left).toBe(0);
      };
      await within(local(), (process) => process.keepAll(users));
      await within(new CombinedKeys(remote(), local()), rotate);
      await within(remote(), readAll);
      transit.rotate();
      await within(remote(), async (process) => {
        expect((await process.progress()).left).toBeGreaterThanOrEqual(3);
        await rotate(process);
        transit.key.min_decryption_version = 2;
        await readAll(process);
      });
      await within(new CombinedKeys(local(), remote()), rotate);
      await within(local(), readAll);
    });
  });

  it('seal no table of which rotation does not know what its rows are bound to', async () => {
    await within(ONE, ({ dataSource }) => {
      const names = SealedTable.allOf(dataSource).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['latchkey_secrets', 'latchkey_connectors']));
      for (const entity of latchkeyEntities) {
        const { columns, tableName } = dataSource.getMetadata(entity);
        if (!columns.some(({ databaseName }) => databaseName === 'wrapped_key')) continue;
        expect(names).toContain(tableName);
        expect(() => bindingOf(entity, {})).not.toThrow(/needs @SealedFor/);
      }
    });
  });
});

const partsOf = ({ module }: VaultProcess) => ({
  keys: module.get(KeyEncryption, { strict: false }),
  sealer: module.get(Sealer, { strict: false }),
});
