import { hash } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import { Remembered } from '../common/remembered.js';
import { KEY_BYTES } from './cipher.js';
import { KeyEncryption } from './key-encryption.js';

export interface RemoteKeyOptions {
  readonly clock?: Clock;
  /** How many data encryption keys are kept in memory, and for how long. Default: 10,000 for 5 minutes. */
  readonly cache?: { readonly limit: number; readonly seconds: number };
}

const CACHE = { limit: 10_000, seconds: 300 };

/** For a `vault.key_unavailable`: when a key service is worth another question. */
const RETRY_SECONDS = 5;

/**
 * A key service across the network. What it has opened stays in memory for a short while, so that it is asked
 * once for a row that is read a thousand times, and once by those who read a row at the same moment. What the service
 * gets to see of the associated data is its SHA-256: no user id reaches its logs, and no limit of length is met.
 */
export abstract class RemoteKeyEncryption extends KeyEncryption {
  private readonly opened: Remembered<Buffer>;

  constructor({ clock = new Clock(), cache = CACHE }: RemoteKeyOptions = {}) {
    super();
    this.opened = new Remembered(clock, { limit: cache.limit, milliseconds: cache.seconds * 1000 });
  }

  /** `context` is the SHA-256 of the associated data in base64. */
  protected abstract wrapRemotely(keyId: string, key: Buffer, context: string): Promise<Buffer>;
  protected abstract unwrapRemotely(keyId: string, wrappedKey: Buffer, context: string): Promise<Buffer>;

  wrap(keyId: string, dataEncryptionKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    return this.wrapRemotely(keyId, dataEncryptionKey, contextOf(associatedData));
  }

  async unwrap(keyId: string, wrappedKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    const context = contextOf(associatedData);
    const name = JSON.stringify([keyId, wrappedKey.toString('base64'), context]);
    const key = await this.opened.get(name, () => this.unwrapRemotely(keyId, wrappedKey, context));
    if (key?.length === KEY_BYTES) return key;
    this.opened.forget(name);
    throw unavailable('The key service answered with something that is no key.');
  }
}

const contextOf = (associatedData: Buffer): string => hash('sha256', associatedData, 'base64');

export const unavailable = (message: string, details: { cause?: unknown; status?: number } = {}) =>
  new LatchkeyError('vault.key_unavailable', message, {
    retryAfterSeconds: RETRY_SECONDS,
    cause: details.cause,
    ...(details.status !== undefined && { upstream: { status: details.status } }),
  });
