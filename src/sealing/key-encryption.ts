/**
 * Keeps the key-encryption keys and uses them; the keys themselves never leave it. A remote key service
 * (HashiCorp Vault Transit, a cloud KMS) is another implementation of this.
 */
export abstract class KeyEncryption {
  /** The id of the key that {@link wrap} uses now. */
  abstract readonly currentKeyId: string;

  /** Encrypts a data encryption key under the current key, bound to the associated data. */
  abstract wrap(dataEncryptionKey: Buffer, associatedData: Buffer): Promise<Buffer>;

  /**
   * Decrypts a data encryption key. Rejects with `vault.key_unavailable` when this instance does not hold
   * the key, with `vault.integrity_error` when the key or the associated data is not the one it was wrapped with.
   */
  abstract unwrap(keyId: string, wrappedKey: Buffer, associatedData: Buffer): Promise<Buffer>;
}
