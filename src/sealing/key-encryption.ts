/**
 * Keeps the key-encryption keys and uses them; the keys themselves never leave it. A remote key service
 * (HashiCorp Vault Transit, a cloud KMS) is a {@link RemoteKeyEncryption}.
 */
export abstract class KeyEncryption {
  /** The id of the key that what is new is sealed under, at most 64 characters. Rejects with `vault.key_unavailable`. */
  abstract currentKeyId(): Promise<string>;

  /** The ids of the keys that can be named now: the current one, and those that only open. */
  async keyIds(): Promise<readonly string[]> {
    return [await this.currentKeyId()];
  }

  /** Whether a key with this id is to be found here, though perhaps not at this moment. */
  abstract holds(keyId: string): boolean;

  /** Where such a key is configured, for messages: `VAULT_KEYS`. */
  sourceOf(_keyId: string): string {
    return 'SealingModule';
  }

  /** Encrypts a data encryption key, bound to the associated data. Rejects with `vault.key_unavailable`. */
  abstract wrap(keyId: string, dataEncryptionKey: Buffer, associatedData: Buffer): Promise<Buffer>;

  /**
   * Decrypts a data encryption key. Rejects with `vault.key_unavailable` when the key is not here, or not
   * now, with `vault.integrity_error` when the key or the associated data is not the one it was wrapped with.
   */
  abstract unwrap(keyId: string, wrappedKey: Buffer, associatedData: Buffer): Promise<Buffer>;
}
