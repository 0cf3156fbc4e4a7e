import { Column } from 'typeorm';

/**
 * The stored form of a sealed value, three columns of the row that it belongs to. Text, because SQLite drivers
 * disagree about binary columns.
 */
export class Sealed {
  /** Id of the key-encryption key. */
  @Column({ name: 'key_id', type: 'varchar', length: 64 })
  readonly keyId: string;

  /** Base64 of IV (12 bytes), encrypted data encryption key (32), tag (16). */
  @Column({ name: 'wrapped_key', type: 'text' })
  readonly wrappedKey: string;

  /** Base64 of IV (12 bytes), ciphertext, tag (16). */
  @Column({ name: 'ciphertext', type: 'text' })
  readonly ciphertext: string;

  static of(keyId: string, wrappedKey: Buffer, ciphertext: Buffer): Sealed {
    return { keyId, wrappedKey: wrappedKey.toString('base64'), ciphertext: ciphertext.toString('base64') };
  }
}
