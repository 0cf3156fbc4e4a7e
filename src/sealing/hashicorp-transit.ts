import { z } from 'zod';
import { LatchkeyError } from '../common/errors.js';
import { HttpClient, type Fetch } from '../common/http-client.js';
import { Remembered } from '../common/remembered.js';
import { Secret } from '../common/secret.js';
import { Clock } from '../common/clock.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { KEY_BYTES } from './cipher.js';
import { RemoteKeyEncryption, unavailable, type RemoteKeyOptions } from './remote-key-encryption.js';

export interface HashicorpTransitOptions extends RemoteKeyOptions {
  /** Origin of Vault, as in `https://vault.example:8200`. It may be anywhere: whoever runs the backend chooses it. */
  readonly url: string;
  /** A token whose policy lets it update `encrypt/<key>` and `decrypt/<key>` and read `keys/<key>`; a function where it changes. */
  readonly token: Secret | (() => Promise<Secret>);
  /** Name of the key, at most 48 characters. Its type has to be one with associated data: `aes256-gcm96`, `chacha20-poly1305`. */
  readonly key: string;
  /** Where the engine is mounted. Default: `transit`. */
  readonly mount?: string;
  /** Of Vault Enterprise. */
  readonly namespace?: string;
  readonly http?: HttpClient;
}

/** For how long a new version of the key may go unnoticed. */
const VERSION_MILLISECONDS = 60_000;

/**
 * Keys of HashiCorp Vault's Transit engine (1.13 or later, because of `associated_data`). The id of a key is
 * `transit:<name>:v<version>`: once Vault has rotated the key, what is new is sealed under the new version within
 * a minute, and rotation here reseals the rest. Source: https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export class HashicorpTransit extends RemoteKeyEncryption {
  private readonly fetch: Fetch;
  private readonly keyInfo: Remembered<KeyInfo>;
  private readonly base: string;

  /** Throws {@link ConfigurationError}. */
  constructor(private readonly options: HashicorpTransitOptions) {
    super(options);
    const { url, key, mount = 'transit', http = new HttpClient(), clock = new Clock() } = options;
    if (!/^[\w.-]{1,48}$/.test(key))
      throw new ConfigurationError('VAULT_TRANSIT_KEY must be at most 48 letters, digits, _, - and .');
    if (!/^[\w-]+(?:\/[\w-]+)*$/.test(mount))
      throw new ConfigurationError('VAULT_TRANSIT_MOUNT must be a path such as transit');
    this.base = `${url.replace(/\/+$/, '')}/v1/${mount}`;
    if (!/^https?:\/\//.test(url) || !URL.canParse(this.base))
      throw new ConfigurationError('VAULT_TRANSIT_URL must be an http or https URL');
    this.fetch = http.guarded(new Set([new URL(this.base).host]));
    this.keyInfo = new Remembered(clock, { limit: 1, milliseconds: VERSION_MILLISECONDS });
  }

  async currentKeyId(): Promise<string> {
    const info = await this.keyInfo.get('', () => this.readKey());
    if (!info) throw unavailable('Vault does not have the key.');
    return `${this.prefix}${info.latest_version}`;
  }

  holds(keyId: string): boolean {
    return keyId.startsWith(this.prefix) && /^[1-9]\d{0,8}$/.test(keyId.slice(this.prefix.length));
  }

  override sourceOf(): string {
    return 'VAULT_TRANSIT_KEY';
  }

  protected async wrapRemotely(keyId: string, key: Buffer, context: string): Promise<Buffer> {
    const version = this.versionOf(keyId);
    const answer = await this.post('encrypt', {
      plaintext: key.toString('base64'),
      associated_data: context,
      key_version: version,
    });
    if (answer.status !== 200) throw refused(answer);
    const { ciphertext } = parse(encrypted, answer.body);
    const [, actual, wrapped = ''] = /^vault:v(\d+):([A-Za-z0-9+/]+=*)$/.exec(ciphertext) ?? [];
    if (Number(actual) !== version) throw unavailable('Vault answered with another version of the key.');
    return Buffer.from(wrapped, 'base64');
  }

  protected async unwrapRemotely(keyId: string, wrappedKey: Buffer, context: string): Promise<Buffer> {
    const version = this.versionOf(keyId);
    const answer = await this.post('decrypt', {
      ciphertext: `vault:v${version}:${wrappedKey.toString('base64')}`,
      associated_data: context,
    });
    if (answer.status === 400) throw await this.judge(version, answer);
    if (answer.status !== 200) throw refused(answer);
    const key = Buffer.from(parse(decrypted, answer.body).plaintext, 'base64');
    if (key.length !== KEY_BYTES) throw unavailable('Vault answered with something that is no key.');
    return key;
  }

  /** Vault says 400 for a version that it may not use any more, and for damage alike. */
  private async judge(version: number, answer: Answer): Promise<LatchkeyError> {
    const info = await this.readKey();
    const isUsable = info && version >= info.min_decryption_version && version <= info.latest_version;
    return isUsable
      ? new LatchkeyError('vault.integrity_error', 'A stored key does not decrypt.')
      : refused(answer);
  }

  private async readKey(): Promise<KeyInfo | undefined> {
    const answer = await this.ask(`keys/${this.options.key}`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refused(answer);
    const info = parse(keyInfo, answer.body);
    if (AEAD.test(info.type) && !info.derived) return info;
    throw unavailable(`Vault's key is of a type that takes no associated data (${info.type.slice(0, 32)}).`);
  }

  private post(action: 'encrypt' | 'decrypt', body: object): Promise<Answer> {
    return this.ask(`${action}/${this.options.key}`, { method: 'POST', body: JSON.stringify(body) });
  }

  private async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const { namespace } = this.options;
    const token = (await this.token()).reveal();
    if (!/^[\x21-\x7e]+$/.test(token)) throw unavailable('The token for Vault is not one.');
    const headers = {
      'x-vault-token': token,
      'content-type': 'application/json',
      ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
    };
    try {
      const response = await this.fetch(`${this.base}/${path}`, { ...init, headers });
      return { status: response.status, body: await response.text() };
    } catch (cause) {
      throw unavailable('Vault cannot be reached.', { cause });
    }
  }

  private async token(): Promise<Secret> {
    const { token } = this.options;
    return token instanceof Secret ? token : token();
  }

  private get prefix(): string {
    return `transit:${this.options.key}:v`;
  }

  private versionOf(keyId: string): number {
    if (!this.holds(keyId)) throw unavailable('Vault does not hold the key of a stored secret.');
    return Number(keyId.slice(this.prefix.length));
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const AEAD = /^(?:aes128-gcm96|aes256-gcm96|x?chacha20-poly1305)$/;
const version = z.number().int().min(1).max(999_999_999);
const keyInfo = z.object({
  type: z.string(),
  derived: z.boolean().optional(),
  latest_version: version,
  min_decryption_version: z.number().int(),
});
type KeyInfo = z.output<typeof keyInfo>;
const encrypted = z.object({ ciphertext: z.string().max(1024) });
const decrypted = z.object({ plaintext: z.base64().max(1024) });

/** Every answer of Vault has its content in `data`. */
function parse<Content>(content: z.ZodType<Content>, body: string): Content {
  const { success, data } = z.object({ data: content }).safeParse(json(body));
  if (success) return data.data;
  throw unavailable('Vault answered with something that is not an answer.');
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const refused = ({ status }: Answer): LatchkeyError =>
  unavailable(`Vault answered with status ${status}.`, { status });
