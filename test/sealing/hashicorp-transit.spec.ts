import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { Clock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import { CombinedKeys } from '../../src/sealing/combined-keys.js';
import { HashicorpTransit, type HashicorpTransitOptions } from '../../src/sealing/hashicorp-transit.js';
import { Keyring } from '../../src/sealing/keyring.js';
import type { Sealed } from '../../src/sealing/sealed.js';
import { Sealer, type Binding } from '../../src/sealing/sealer.js';
import {
  startTransit,
  TRANSIT_TOKEN,
  type ScriptedTransit,
  type TransitScript,
} from '../support/scripted-transit.js';

const BINDING: Binding = ['token-set', 'row-1', 'user-1', 1];
const LOCAL = `one:${Buffer.from('a key that only tests ever hold!').toString('base64')}`;

let transit: ScriptedTransit;

beforeEach(async () => void (transit = await startTransit()));
afterEach(() => transit.close());

const keysOf = (options: Partial<HashicorpTransitOptions> = {}) =>
  new HashicorpTransit({
    url: transit.url,
    token: new Secret(TRANSIT_TOKEN),
    key: 'latchkey',
    ...options,
  });

const codeOf = async (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'opened',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('a key of HashiCorp Vault', () => {
  it('seals and opens, and names its version in the row', async () => {
    const sealer = new Sealer(keysOf());
    const sealed = await sealer.seal('a token', BINDING);
    expect(sealed.keyId).toBe('transit:latchkey:v1');
    expect(await new Sealer(keysOf()).open(sealed, BINDING)).toBe('a token');
  });

  it('is asked with token and namespace, and sees neither what is sealed nor whose it is', async () => {
    const sealer = new Sealer(keysOf({ namespace: 'team/a' }));
    await sealer.seal('a token', BINDING);
    expect(transit.requests.map(({ path }) => path)).toEqual([
      '/v1/transit/keys/latchkey',
      '/v1/transit/encrypt/latchkey',
    ]);
    expect(transit.requests.every(({ headers }) => headers['x-vault-namespace'] === 'team/a')).toBe(true);
    const [, { body }] = transit.requests;
    expect(Buffer.from(String(body['plaintext']), 'base64')).toHaveLength(32);
    expect(Buffer.from(String(body['associated_data']), 'base64')).toHaveLength(32);
    expect(JSON.stringify(transit.requests)).not.toContain('user-1');
  });

  it('seals under the new version within a minute of its rotation, and opens the old one', async () => {
    const clock = new Clock();
    const sealer = new Sealer(keysOf({ clock }));
    const older = await sealer.seal('older', BINDING);
    transit.rotate();
    clock.advance(61);
    const newer = await sealer.seal('newer', BINDING);
    expect(newer.keyId).toBe('transit:latchkey:v2');
    expect(await sealer.open(older, BINDING)).toBe('older');
    expect(await sealer.open(newer, BINDING)).toBe('newer');
  });

  it('is found out to be another one of the same name (VC-06)', async () => {
    const sealed = await new Sealer(keysOf()).seal('a token', BINDING);
    transit.recreate();
    expect(await codeOf(new Sealer(keysOf()).open(sealed, BINDING))).toBe('vault.integrity_error');
  });

  it.each<[string, (sealed: Sealed) => Sealed, Binding]>([
    ['altered wrapped key', (sealed) => ({ ...sealed, wrappedKey: flipped(sealed.wrappedKey) }), BINDING],
    ['altered ciphertext', (sealed) => ({ ...sealed, ciphertext: flipped(sealed.ciphertext) }), BINDING],
    ['older version in the key id', (sealed) => ({ ...sealed, keyId: 'transit:latchkey:v1' }), BINDING],
    ['other row', (sealed) => sealed, ['token-set', 'row-2', 'user-1', 1]],
  ])('refuses an %s as damage (VC-02)', async (_, alter, binding) => {
    transit.rotate();
    const sealed = await new Sealer(keysOf()).seal('a token', BINDING);
    expect(await codeOf(new Sealer(keysOf()).open(alter(sealed), binding))).toBe('vault.integrity_error');
  });

  it('takes a version that Vault may not use any more for a key that is away, not for damage', async () => {
    const sealed = await new Sealer(keysOf()).seal('a token', BINDING);
    transit.rotate();
    transit.key.min_decryption_version = 2;
    expect(await codeOf(new Sealer(keysOf()).open(sealed, BINDING))).toBe('vault.key_unavailable');
  });

  it.each<[string, ReturnType<TransitScript>]>([
    ['says no', { status: 403, body: '{"errors":["permission denied"]}' }],
    ['is sealed', { status: 503, body: '{"errors":["Vault is sealed"]}' }],
    ['is not initialised', { status: 501 }],
    ['has no such mount', { status: 404, body: '{"errors":[]}' }],
    ['limits the rate', { status: 429 }],
    ['sends elsewhere', { status: 307, headers: { location: 'http://127.0.0.1:1/v1/transit' } }],
    ['breaks off', 'reset'],
    ['answers with a page', { body: '<html>proxy</html>' }],
    ['answers with nothing', { body: '' }],
    ['answers without data', { body: '{"data":null}' }],
    ['answers with a list', { body: '[]' }],
    [
      'answers with a key of 16 bytes',
      { body: JSON.stringify({ data: { plaintext: Buffer.alloc(16).toString('base64') } }) },
    ],
    ['answers with what is no base64', { body: '{"data":{"plaintext":"§§§","ciphertext":"vault:v1:§"}}' }],
    ['answers without end', { body: `{"data":"${'x'.repeat(1_500_000)}"}` }],
  ])('is not available where Vault %s, for opening and sealing alike', async (_, answer) => {
    const sealed = await new Sealer(keysOf()).seal('a token', BINDING);
    const fresh = new Sealer(keysOf());
    transit.script = () => answer;
    await expect(fresh.open(sealed, BINDING)).rejects.toMatchObject({
      code: 'vault.key_unavailable',
      retryAfterSeconds: 5,
    });
    await expect(fresh.seal('another', BINDING)).rejects.toMatchObject({ code: 'vault.key_unavailable' });
    transit.script = () => undefined;
    expect(await fresh.open(sealed, BINDING)).toBe('a token');
  });

  it('is not available where Vault does not answer in time', async () => {
    const sealed = await new Sealer(keysOf()).seal('a token', BINDING);
    transit.script = () => 'hang';
    expect(await codeOf(new Sealer(keysOf()).open(sealed, BINDING))).toBe('vault.key_unavailable');
  });

  it('is not available where nobody listens', async () => {
    const keys = keysOf({ url: 'http://127.0.0.1:1' });
    expect(await codeOf(new Sealer(keys).seal('a token', BINDING))).toBe('vault.key_unavailable');
  });

  it('never lets Vault choose an older version or another form of what is kept', async () => {
    const { ciphertext } = { ciphertext: `vault:v7:${'A'.repeat(80)}` };
    transit.script = ({ path }) =>
      path.includes('/encrypt/') ? { body: JSON.stringify({ data: { ciphertext } }) } : undefined;
    expect(await codeOf(new Sealer(keysOf()).seal('a token', BINDING))).toBe('vault.key_unavailable');
  });

  it.each([{ type: 'rsa-2048' }, { derived: true }])(
    'is refused when it binds nothing: %p',
    async (changes) => {
      Object.assign(transit.key, changes);
      await expect(new Sealer(keysOf()).seal('a token', BINDING)).rejects.toMatchObject({
        code: 'vault.key_unavailable',
        message: expect.stringContaining('associated data') as unknown,
      });
    },
  );

  it('lets its token reach no error, not even one that breaks the header', async () => {
    transit.script = () => ({ status: 403 });
    for (const token of [TRANSIT_TOKEN, `${TRANSIT_TOKEN}\nx: y`]) {
      const error: unknown = await new Sealer(keysOf({ token: new Secret(token) }))
        .seal('a token', BINDING)
        .catch((thrown: unknown) => thrown);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary');
      expect(error).toMatchObject({ code: 'vault.key_unavailable' });
    }
    expect(inspect(keysOf(), { depth: 9, showHidden: true })).not.toContain('canary');
  });

  it('takes each time the token that there is by then', async () => {
    const tokens = ['hvs.expired', TRANSIT_TOKEN];
    const keys = keysOf({ token: () => Promise.resolve(new Secret(tokens.shift() ?? TRANSIT_TOKEN)) });
    expect(await codeOf(new Sealer(keys).seal('a token', BINDING))).toBe('vault.key_unavailable');
    expect(await codeOf(new Sealer(keys).seal('a token', BINDING))).toBe('opened');
  });

  it.each([
    ['key', { key: '../../sys/seal' }],
    ['key', { key: 'x'.repeat(49) }],
    ['mount', { mount: '../sys' }],
    ['url', { url: 'vault:8200' }],
  ])('is refused at the start with a %s that is none', (_, options) => {
    expect(() => keysOf(options)).toThrow(/VAULT_TRANSIT_/);
  });
});

describe('what a key service has opened', () => {
  it('is asked for once by a thousand reads of one row', async () => {
    const keys = keysOf();
    const sealed = await new Sealer(keys).seal('a token', BINDING);
    for (let read = 0; read < 1000; read += 1)
      expect(await new Sealer(keys).open(sealed, BINDING)).toBe('a token');
    expect(transit.decryptions()).toBe(1);
  });

  it('is asked for once by ten reads at the same moment', async () => {
    const sealer = new Sealer(keysOf());
    const sealed = await sealer.seal('a token', BINDING);
    const opened = await Promise.all(Array.from({ length: 10 }, () => sealer.open(sealed, BINDING)));
    expect(new Set(opened)).toEqual(new Set(['a token']));
    expect(transit.decryptions()).toBe(1);
  });

  it('is asked for in parallel for different rows', async () => {
    const sealer = new Sealer(keysOf());
    const bindings = Array.from({ length: 10 }, (_, row): Binding => ['token-set', row]);
    const sealed = await Promise.all(bindings.map((binding) => sealer.seal(String(binding[1]), binding)));
    const opened = await Promise.all(sealed.map((one, row) => sealer.open(one, bindings[row])));
    expect(opened).toEqual(bindings.map((binding) => String(binding[1])));
  });

  it('is asked for again after its time, and when it had to make room', async () => {
    const clock = new Clock();
    const sealer = new Sealer(keysOf({ clock, cache: { limit: 2, seconds: 60 } }));
    const bindings: Binding[] = [['a'], ['b'], ['c']];
    const sealed = await Promise.all(bindings.map((binding) => sealer.seal('a token', binding)));
    const open = (index: number) => sealer.open(sealed[index], bindings[index]);
    for (const index of [0, 1, 0, 1]) await open(index);
    expect(transit.decryptions()).toBe(2);
    await open(2);
    await open(0);
    expect(transit.decryptions()).toBe(4);
    clock.advance(61);
    await open(0);
    expect(transit.decryptions()).toBe(5);
  });

  it('is never given out for another row, another key or another wrapped key (VC-03)', async () => {
    transit.rotate();
    const sealer = new Sealer(keysOf());
    const sealed = await sealer.seal('a token', BINDING);
    await sealer.open(sealed, BINDING);
    for (const [altered, binding] of [
      [sealed, ['token-set', 'row-2']],
      [{ ...sealed, keyId: 'transit:latchkey:v1' }, BINDING],
      [{ ...sealed, wrappedKey: flipped(sealed.wrappedKey) }, BINDING],
    ] as [Sealed, Binding][])
      expect(await codeOf(sealer.open(altered, binding))).toBe('vault.integrity_error');
    expect(transit.decryptions()).toBe(4);
  });

  it('is not remembered when it failed', async () => {
    const sealer = new Sealer(keysOf());
    const sealed = await sealer.seal('a token', BINDING);
    transit.script = () => ({ status: 500 });
    await codeOf(sealer.open(sealed, BINDING));
    transit.script = () => undefined;
    expect(await codeOf(sealer.open(sealed, BINDING))).toBe('opened');
  });
});

describe('two key services at once', () => {
  const local = Keyring.parse(LOCAL);

  it('seal with the current one and open with both', async () => {
    const before = await new Sealer(new CombinedKeys(local, keysOf())).seal('before', BINDING);
    const moved = new Sealer(new CombinedKeys(keysOf(), local));
    const after = await moved.seal('after', BINDING);
    expect([before.keyId, after.keyId]).toEqual(['one', 'transit:latchkey:v1']);
    for (const [sealed, text] of [
      [before, 'before'],
      [after, 'after'],
    ] as const) {
      expect(await moved.open(sealed, BINDING)).toBe(text);
      expect(await new Sealer(new CombinedKeys(local, keysOf())).open(sealed, BINDING)).toBe(text);
    }
  });

  it('do without the one that is away where the other is meant', async () => {
    transit.script = () => ({ status: 503 });
    const sealer = new Sealer(new CombinedKeys(local, keysOf()));
    expect(await sealer.open(await sealer.seal('a token', BINDING), BINDING)).toBe('a token');
    const moved = new Sealer(new CombinedKeys(keysOf(), local));
    expect(await codeOf(moved.seal('a token', BINDING))).toBe('vault.key_unavailable');
  });

  it('have no key of any other name', async () => {
    const sealer = new Sealer(new CombinedKeys(local, keysOf()));
    const sealed = await sealer.seal('a token', BINDING);
    for (const keyId of ['two', 'transit:other:v1', 'transit:latchkey:v0', 'transit:latchkey:v1x'])
      expect(await codeOf(sealer.open({ ...sealed, keyId }, BINDING))).toBe('vault.key_unavailable');
  });
});

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString('base64');
}
