import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { encrypt, KEY_BYTES } from '../../src/sealing/cipher.js';
import { KeyEncryption } from '../../src/sealing/key-encryption.js';
import { Sealer } from '../../src/sealing/sealer.js';

/** Sees each data encryption key, as no key service of ours shows it. */
class Witness extends KeyEncryption {
  readonly seen: Buffer[] = [];

  currentKeyId = () => Promise.resolve('witness');
  holds = () => true;
  unwrap = (_id: string, wrapped: Buffer) => Promise.resolve(wrapped);
  wrap(_id: string, key: Buffer): Promise<Buffer> {
    this.seen.push(key);
    return Promise.resolve(key);
  }
}

describe('key and initialisation vector', () => {
  /** The first eight bytes of twelve are compared, which is stricter: by chance two are the same once in 37 million runs. */
  it('are never the same twice in 1,000,000 encryptions, even under one key (VC-12)', () => {
    const [key, nothing] = [randomBytes(KEY_BYTES), Buffer.alloc(0)];
    const beginnings = new BigUint64Array(1_000_000);
    for (let count = 0; count < beginnings.length; count += 1)
      beginnings[count] = encrypt(key, nothing, nothing).readBigUInt64BE(0);
    beginnings.sort();
    expect(beginnings.findIndex((iv, index) => index > 0 && iv === beginnings[index - 1])).toBe(-1);
  }, 120_000);

  it('come with a fresh key for each value, so that one key encrypts once (VC-12)', async () => {
    const witness = new Witness();
    const sealer = new Sealer(witness);
    for (let count = 0; count < 10_000; count += 1) await sealer.seal('the same', ['the same']);
    expect(new Set(witness.seen.map((key) => key.toString('base64'))).size).toBe(10_000);
    expect(witness.seen.every(({ length }) => length === KEY_BYTES)).toBe(true);
  });
});
