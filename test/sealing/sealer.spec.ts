import { describe, expect, it } from '@jest/globals';
import { Keyring } from '../../src/sealing/keyring.js';
import type { Sealed } from '../../src/sealing/sealed.js';
import { Sealer, type Binding } from '../../src/sealing/sealer.js';

const key = (fill: string) => Buffer.from(fill.repeat(32).slice(0, 32)).toString('base64');
const ring = (text: string) => Keyring.parse(text);

const BINDING: Binding = ['token-set', 'row-1', 'user-1', 'google', 'subject-1', 1];
const sealer = new Sealer(ring(`one:${key('ab')}`));

const flipped = (base64: string, index: number): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[index] = bytes[index] ^ 1;
  return bytes.toString('base64');
};

describe('a sealed value', () => {
  it.each(['', 'a token', 'ünïcödé 李 👩‍🚀', 'x'.repeat(20_000)])(
    'opens to exactly what was sealed',
    async (plaintext) => {
      expect(await sealer.open(await sealer.seal(plaintext, BINDING), BINDING)).toBe(plaintext);
    },
  );

  it('never looks the same twice', async () => {
    const [first, second] = await Promise.all([sealer.seal('same', BINDING), sealer.seal('same', BINDING)]);
    expect(first.ciphertext).not.toBe(second.ciphertext);
    expect(first.wrappedKey).not.toBe(second.wrappedKey);
  });

  it('is refused after any single bit of key or ciphertext has changed (VC-02)', async () => {
    const sealed = await sealer.seal('a token', BINDING);
    for (const column of ['wrappedKey', 'ciphertext'] as const) {
      for (let index = 0; index < Buffer.from(sealed[column], 'base64').length; index += 1) {
        const altered: Sealed = { ...sealed, [column]: flipped(sealed[column], index) };
        await expect(sealer.open(altered, BINDING)).rejects.toMatchObject({ code: 'vault.integrity_error' });
      }
    }
  });

  it.each([
    ['characters that are no base64', (text: string) => `${text.slice(0, 8)}!${text.slice(8)}`],
    ['white space', (text: string) => `${text} `],
    ['the URL alphabet', (text: string) => text.replace(/\+/g, '-').replace(/\//g, '_')],
    ['nothing at all', () => ''],
    ['a stump', (text: string) => text.slice(0, 16)],
  ])('is refused with %s in a column (VC-02)', async (_, alter) => {
    const sealed = await sealer.seal('a token with + and / in it, sooner or later'.repeat(20), BINDING);
    for (const column of ['wrappedKey', 'ciphertext'] as const) {
      const altered = { ...sealed, [column]: alter(sealed[column]) };
      if (altered[column] === sealed[column]) continue;
      await expect(sealer.open(altered, BINDING)).rejects.toMatchObject({ code: 'vault.integrity_error' });
    }
  });

  it.each(BINDING.map((_, index) => index))(
    'opens only where part %i of its binding is the same (VC-03)',
    async (index) => {
      const sealed = await sealer.seal('a token', BINDING);
      const elsewhere = BINDING.map((part, at) => (at === index ? `${part}x` : part)) as unknown as Binding;
      await expect(sealer.open(sealed, elsewhere)).rejects.toMatchObject({ code: 'vault.integrity_error' });
    },
  );

  it('keeps the parts of its binding apart', async () => {
    const sealed = await sealer.seal('a token', ['token-set', 'ab', 'c']);
    await expect(sealer.open(sealed, ['token-set', 'a', 'bc'])).rejects.toMatchObject({
      code: 'vault.integrity_error',
    });
  });

  it('is refused under another key id, even when the key is the same', async () => {
    const both = new Sealer(
      ring(`one:${key('ab')},two:${Buffer.from('c'.repeat(16) + 'd'.repeat(16)).toString('base64')}`),
    );
    const sealed = await both.seal('a token', BINDING);
    await expect(both.open({ ...sealed, keyId: 'two' }, BINDING)).rejects.toMatchObject({
      code: 'vault.integrity_error',
    });
  });
});

describe('a keyring', () => {
  it('encrypts with its first key and decrypts with all', async () => {
    const older = await sealer.seal('a token', BINDING);
    const newer = new Sealer(ring(`two:${key('cd')},one:${key('ab')}`));
    expect(await newer.open(older, BINDING)).toBe('a token');
    expect((await newer.seal('a token', BINDING)).keyId).toBe('two');
  });

  it('says that it lacks a key, which is not the same as damage', async () => {
    const sealed = await new Sealer(ring(`two:${key('cd')}`)).seal('a token', BINDING);
    await expect(sealer.open(sealed, BINDING)).rejects.toMatchObject({ code: 'vault.key_unavailable' });
  });

  it('finds out that a key was exchanged under its id (VC-06)', async () => {
    const sealed = await sealer.seal('a token', BINDING);
    const other = new Sealer(ring(`one:${key('ef')}`));
    await expect(other.open(sealed, BINDING)).rejects.toMatchObject({ code: 'vault.integrity_error' });
  });

  it.each([
    [
      '31 bytes',
      `a:${Buffer.alloc(31, 'xy').toString('base64')}`,
      /key 1 must be 32 bytes of base64, it has 31/,
    ],
    ['33 bytes', `a:${Buffer.alloc(33, 'xy').toString('base64')}`, /it has 33/],
    ['hex', `a:${Buffer.alloc(32, 'xy').toString('hex')}`, /it has 48/],
    ['zeros', `a:${Buffer.alloc(32).toString('base64')}`, /one byte repeated/],
    ['no id', Buffer.alloc(32, 'xy').toString('base64'), /not of the form id:base64/],
    ['an empty list', '', /not of the form id:base64/],
    ['an id twice', `a:${key('ab')},a:${key('cd')}`, /key 2 repeats an id/],
  ])('refuses %s without repeating the key (VC-07)', (_, text, message) => {
    expect(() => ring(text)).toThrow(message);
    expect(() => ring(text)).not.toThrow(new RegExp(text.slice(2, 20) || 'never', 'i'));
  });
});
