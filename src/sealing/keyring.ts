import { ConfigurationError } from '../config/configuration.error.js';
import { LatchkeyError } from '../common/errors.js';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import { KeyEncryption } from './key-encryption.js';

/** Key-encryption keys in this process's memory, in order: the first encrypts, all decrypt. */
export class Keyring extends KeyEncryption {
  private constructor(
    private readonly keys: ReadonlyMap<string, Buffer>,
    private readonly variable: string,
  ) {
    super();
  }

  /** Reads `id:base64,id:base64,…` (32 bytes each). Throws {@link ConfigurationError}, which repeats no key. */
  static parse(text: string, variable = 'VAULT_KEYS'): Keyring {
    const keys = new Map<string, Buffer>();
    for (const [index, entry] of text.split(',').entries()) {
      const [, id, encoded] = /^\s*([\w.-]{1,64}):([A-Za-z0-9+/_=-]+)\s*$/.exec(entry) ?? [];
      const problem = (what: string) => new ConfigurationError(`${variable}: key ${index + 1} ${what}`);
      if (id === undefined || encoded === undefined) throw problem('is not of the form id:base64');
      const key = Buffer.from(encoded, 'base64');
      if (key.length !== KEY_BYTES)
        throw problem(`must be ${KEY_BYTES} bytes of base64, it has ${key.length}`);
      if (key.every((byte) => byte === key[0])) throw problem('is one byte repeated, no key');
      if (keys.has(id)) throw problem('repeats an id');
      keys.set(id, key);
    }
    return new Keyring(keys, variable);
  }

  currentKeyId(): Promise<string> {
    const [current] = this.keys.keys();
    return Promise.resolve(current);
  }

  override keyIds(): Promise<readonly string[]> {
    return Promise.resolve([...this.keys.keys()]);
  }

  holds(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  override sourceOf(): string {
    return this.variable;
  }

  async wrap(keyId: string, dataEncryptionKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    return encrypt(this.key(keyId), dataEncryptionKey, associatedData);
  }

  async unwrap(keyId: string, wrappedKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    const key = this.key(keyId);
    try {
      return decrypt(key, wrappedKey, associatedData);
    } catch (cause) {
      throw new LatchkeyError('vault.integrity_error', 'A stored key does not decrypt.', { cause });
    }
  }

  private key(id: string): Buffer {
    const key = this.keys.get(id);
    if (!key)
      throw new LatchkeyError('vault.key_unavailable', 'The key of a stored secret is not on this instance.');
    return key;
  }
}
