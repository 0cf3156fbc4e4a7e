import { LatchkeyError } from '../common/errors.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { RemoteKeyEncryption, unavailable, type RemoteKeyOptions } from './remote-key-encryption.js';

/** The part of `KMS` of `@aws-sdk/client-kms` that is used. */
export interface KmsClient {
  encrypt(
    input: { KeyId: string; Plaintext: Uint8Array; EncryptionContext: Record<string, string> },
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ CiphertextBlob?: Uint8Array }>;
  decrypt(
    input: { KeyId: string; CiphertextBlob: Uint8Array; EncryptionContext: Record<string, string> },
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ Plaintext?: Uint8Array }>;
}

export interface AwsKmsOptions extends RemoteKeyOptions {
  /** Id or ARN of a symmetric key. No alias: one that is moved to another key would leave the rows behind. */
  readonly key: string;
  /** Default: `new KMS({})` of `@aws-sdk/client-kms`, which finds region and credentials in its own way. */
  readonly client?: KmsClient;
}

const TIME_LIMIT_SECONDS = 5;
const KEY = /^(?:arn:[\w-]+:kms:[\w-]+:\d{12}:key\/)?((?:mrk-)?[0-9a-f-]{32,40})$/;

/**
 * A key of AWS KMS; needs the package `@aws-sdk/client-kms` in the application. The id of the key is
 * `aws-kms:<id>`. KMS changes the material behind it by itself (automatic rotation) and needs no rotation here for that.
 * Source: https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
export class AwsKms extends RemoteKeyEncryption {
  private readonly id: string;
  private client?: Promise<KmsClient>;

  /** Throws {@link ConfigurationError}. */
  constructor(private readonly options: AwsKmsOptions) {
    super(options);
    const [, id] = KEY.exec(options.key) ?? [];
    if (id === undefined)
      throw new ConfigurationError('VAULT_AWS_KMS_KEY must be the id or the ARN of a key, not an alias');
    this.id = `aws-kms:${id}`;
  }

  currentKeyId(): Promise<string> {
    return Promise.resolve(this.id);
  }

  holds(keyId: string): boolean {
    return keyId === this.id;
  }

  override sourceOf(): string {
    return 'VAULT_AWS_KMS_KEY';
  }

  protected async wrapRemotely(_keyId: string, key: Buffer, context: string): Promise<Buffer> {
    const { CiphertextBlob: wrapped } = await this.ask((client, options) =>
      client.encrypt({ ...this.keyAnd(context), Plaintext: key }, options),
    );
    if (wrapped instanceof Uint8Array && wrapped.length > 0) return Buffer.from(wrapped);
    throw unavailable('AWS KMS answered with something that is not an answer.');
  }

  protected async unwrapRemotely(_keyId: string, wrappedKey: Buffer, context: string): Promise<Buffer> {
    const { Plaintext: key } = await this.ask((client, options) =>
      client.decrypt({ ...this.keyAnd(context), CiphertextBlob: wrappedKey }, options),
    );
    if (key instanceof Uint8Array) return Buffer.from(key);
    throw unavailable('AWS KMS answered with something that is not an answer.');
  }

  private keyAnd(context: string) {
    return { KeyId: this.options.key, EncryptionContext: { latchkey: context } };
  }

  private async ask<Answer>(
    question: (client: KmsClient, options: { abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    const client = await (this.client ??= this.connect());
    try {
      return await question(client, { abortSignal: AbortSignal.timeout(TIME_LIMIT_SECONDS * 1000) });
    } catch (cause) {
      throw DAMAGED.has((cause as { name?: unknown } | null)?.name)
        ? new LatchkeyError('vault.integrity_error', 'A stored key does not decrypt.', { cause })
        : unavailable('AWS KMS did not help.', { cause });
    }
  }

  /** By a name that no compiler follows: the package is the application's to install. */
  private async connect(): Promise<KmsClient> {
    if (this.options.client) return this.options.client;
    const name: string = '@aws-sdk/client-kms';
    try {
      const { KMS } = (await import(name)) as { readonly KMS: new (options: object) => KmsClient };
      return new KMS({});
    } catch (cause) {
      throw new ConfigurationError(`VAULT_AWS_KMS_KEY needs the package ${name}`, { cause });
    }
  }
}

/** Also with another encryption context, and for what another key has encrypted. */
const DAMAGED: ReadonlySet<unknown> = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);
