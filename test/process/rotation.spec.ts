import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../src/common/secret.js';
import { CombinedKeys } from '../../src/sealing/combined-keys.js';
import { HashicorpTransit } from '../../src/sealing/hashicorp-transit.js';
import { Keyring } from '../../src/sealing/keyring.js';
import { RotationState } from '../../src/sealing/rotation/rotation-state.entity.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { startTransit, TRANSIT_TOKEN, type ScriptedTransit } from '../support/scripted-transit.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from '../token-vault/vault-process.js';

const command = fileURLToPath(new URL('../../dist/src/rotation-command.js', import.meta.url));
const OLD = `one:${keyOf('one')}`;
const KILLS = 5;
/** What the key service grants to one process at most: five of them cannot finish. */
const WRAPPED_KEYS = 100;
const USERS = Array.from({ length: 600 }, (_, index) => `user-${index}`);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

describe.each(databaseKinds)('npm run vault:rotate on %s', (kind) => {
  let database: TemporaryDatabase;
  let backend: VaultProcess | undefined;
  let transit: ScriptedTransit;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    transit = await startTransit();
    const process = await startVault(database.url, OLD);
    await process.keepAll(USERS);
    await process.close();
  }, 120_000);

  afterEach(async () => {
    await backend?.close();
    backend = undefined;
    await transit.close();
    await database.drop();
  });

  async function rotate(
    keys: Record<string, string>,
    watch: (child: ChildProcess) => void = () => undefined,
  ): Promise<Ended> {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [command], { env: { PATH, DATABASE_URL: database.url, ...keys } });
    watch(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** In the middle, and each time at another moment. */
  const kill = (nth: number) => (child: ChildProcess) => {
    let count = 0;
    transit.script = ({ path }) => {
      if (!path.includes('/encrypt/')) return undefined;
      count += 1;
      if (count === 30 + nth) setTimeout(() => child.kill('SIGKILL'), nth);
      return count > WRAPPED_KEYS ? 'hang' : undefined;
    };
  };

  it('is killed five times at any moment and finishes in the end, beside a backend that reads (VC-08)', async () => {
    const service = { url: transit.url, token: new Secret(TRANSIT_TOKEN), key: 'latchkey' };
    const keys = new CombinedKeys(new HashicorpTransit(service), Keyring.parse(OLD));
    const both = {
      VAULT_KEYS: OLD,
      VAULT_TRANSIT_URL: transit.url,
      VAULT_TRANSIT_TOKEN: TRANSIT_TOKEN,
      VAULT_TRANSIT_KEY: 'latchkey',
      VAULT_CURRENT: 'transit',
    };
    backend = await startVault(database.url, keys);
    const { dataSource } = backend;
    const secrets = dataSource.getRepository(StoredSecret);
    const resealed = () => secrets.countBy({ sealed: { keyId: 'transit:latchkey:v1' } });
    for (let nth = 1; nth <= KILLS; nth += 1) {
      const { code, output } = await rotate(both, kill(nth));
      expect({ code, output }).toMatchObject({ code: null });
      await dataSource.getRepository(RotationState).update('rotation', { leaseUntil: 0 });
      for (const user of USERS.slice(0, 50)) expect(await backend.read(user)).toBe(tokenOf(user));
    }
    expect(await resealed()).toBeGreaterThan(KILLS);
    expect(await resealed()).toBeLessThan(USERS.length);
    transit.script = () => undefined;
    const { code, output } = await rotate(both);
    expect(output).toMatch(/ 0 failed, 0 left/);
    expect(output).toMatch(/key transit:latchkey:v1: \d+ rows, current/);
    expect(output).toMatch(/key one: 0 rows, no longer needed/);
    expect(code).toBe(0);
    expect(await resealed()).toBe(USERS.length);
    for (const user of USERS) expect(await backend.read(user)).toBe(tokenOf(user));
  }, 240_000);

  it('ends with 1 and says what is still needed while rows are left', async () => {
    const { code, output } = await rotate({ VAULT_KEYS: `two:${keyOf('two')}` });
    expect(output).toMatch(/rows of latchkey_secrets stay as they are: there is no key "one" here/);
    expect(output).toMatch(/key one: \d+ rows, still needed/);
    expect(code).toBe(1);
  }, 120_000);

  it('refuses a key that is another one of the same id, and prints none (VC-06)', async () => {
    const { code, output } = await rotate({ VAULT_KEYS: `one:${keyOf('another')}` });
    expect(output).toMatch(/^Configuration: VAULT_KEYS: the key "one" is not the one/m);
    expect(output).not.toContain(keyOf('another').slice(0, 10));
    expect(code).toBe(1);
  }, 120_000);
});
