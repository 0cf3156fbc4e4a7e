import { LatchkeyError } from '../common/errors.js';
import { KeyEncryption } from './key-encryption.js';

/**
 * Several key services at once, during a move from one to another: the first seals what is new, and each opens what
 * was sealed under a key of its own.
 */
export class CombinedKeys extends KeyEncryption {
  private readonly services: readonly KeyEncryption[];

  constructor(
    private readonly current: KeyEncryption,
    ...others: readonly KeyEncryption[]
  ) {
    super();
    this.services = [current, ...others];
  }

  currentKeyId(): Promise<string> {
    return this.current.currentKeyId();
  }

  /** Without those of a service that is away. */
  override async keyIds(): Promise<readonly string[]> {
    const answers = await Promise.allSettled(this.services.map((service) => service.keyIds()));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }

  holds(keyId: string): boolean {
    return this.services.some((service) => service.holds(keyId));
  }

  override sourceOf(keyId: string): string {
    return this.find(keyId)?.sourceOf(keyId) ?? super.sourceOf(keyId);
  }

  async wrap(keyId: string, dataEncryptionKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    return this.serviceOf(keyId).wrap(keyId, dataEncryptionKey, associatedData);
  }

  async unwrap(keyId: string, wrappedKey: Buffer, associatedData: Buffer): Promise<Buffer> {
    return this.serviceOf(keyId).unwrap(keyId, wrappedKey, associatedData);
  }

  private find(keyId: string): KeyEncryption | undefined {
    return this.services.find((service) => service.holds(keyId));
  }

  private serviceOf(keyId: string): KeyEncryption {
    const service = this.find(keyId);
    if (service) return service;
    throw new LatchkeyError('vault.key_unavailable', 'No key service here holds the key of a stored secret.');
  }
}
