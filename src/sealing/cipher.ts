import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes of every key of this module: data encryption keys and key-encryption keys alike. */
export const KEY_BYTES = 32;

/** AES-256-GCM with a fresh random IV (NIST SP 800-38D, 8.2.2). Returns IV, ciphertext and tag in one piece. */
export function encrypt(key: Buffer, plaintext: Buffer, associatedData: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(associatedData);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of {@link encrypt}. Throws when a bit of key, message or associated data differs. */
export function decrypt(key: Buffer, message: Buffer, associatedData: Buffer): Buffer {
  if (message.length < IV_BYTES + TAG_BYTES) throw new Error('the message is too short to be one of ours');
  const iv = message.subarray(0, IV_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(associatedData)
    .setAuthTag(message.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(message.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
}
