import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { LatchkeyError } from '../common/errors.js';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import { KeyEncryption } from './key-encryption.js';
import { Sealed } from './sealed.js';

/** What a sealed value belongs to, as an ordered list: it opens only where every part is the same. */
export type Binding = readonly [purpose: string, ...facts: (string | number | boolean | null)[]];

/**
 * Envelope encryption: a fresh data encryption key for each value, itself encrypted under a key-encryption key.
 * The binding is associated data of both layers, so a value that is altered, or moved to where the
 * binding is another, does not open.
 */
@Injectable()
export class Sealer {
  constructor(private readonly keyEncryption: KeyEncryption) {}

  /** Rejects with `vault.key_unavailable`. */
  async seal(plaintext: string, binding: Binding): Promise<Sealed> {
    return this.sealUnder(await this.keyEncryption.currentKeyId(), plaintext, binding);
  }

  /** The same under a key that need not be the current one. */
  async sealUnder(keyId: string, plaintext: string, binding: Binding): Promise<Sealed> {
    const associatedData = encode(binding, keyId);
    const dataEncryptionKey = randomBytes(KEY_BYTES);
    const ciphertext = encrypt(dataEncryptionKey, Buffer.from(plaintext, 'utf8'), associatedData);
    const wrappedKey = await this.keyEncryption.wrap(keyId, dataEncryptionKey, associatedData);
    return Sealed.of(keyId, wrappedKey, ciphertext);
  }

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`; never returns anything but what was sealed. */
  async open({ keyId, wrappedKey, ciphertext }: Sealed, binding: Binding): Promise<string> {
    const associatedData = encode(binding, keyId);
    const dataEncryptionKey = await this.keyEncryption.unwrap(keyId, decode(wrappedKey), associatedData);
    try {
      return decrypt(dataEncryptionKey, decode(ciphertext), associatedData).toString('utf8');
    } catch (cause) {
      throw new LatchkeyError('vault.integrity_error', 'A stored secret does not decrypt.', { cause });
    }
  }
}

/** JSON keeps the parts apart: no two bindings share an encoding. */
const encode = (binding: Binding, keyId: string): Buffer =>
  Buffer.from(JSON.stringify(['latchkey/1', keyId, ...binding]), 'utf8');

/** Strict: Node's decoder skips what is not base64, which would leave bytes of a column unprotected. */
function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw new LatchkeyError('vault.integrity_error', 'A stored secret is not base64.');
}
