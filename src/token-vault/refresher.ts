import { Inject, Injectable, Logger, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { REAUTHORIZATION_URL, type ReauthorizationUrl } from '../common/reauthorization-url.js';
import { LatchkeyError } from '../common/errors.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../connectors/connector.registry.js';
import type { TokenSet } from '../connectors/token-set.js';
import { isExpired, isFresh } from './freshness.js';
import { mergeTokenSets } from './merge.js';
import { RefreshFailures } from './refresh-failures.js';
import { SecretStore } from './secret.store.js';
import { SingleFlight } from '../common/single-flight.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from './token-set.sealer.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from './token-vault.options.js';

const WRITE_ATTEMPTS = 3;

/**
 * Renews token sets. However many readers of this process ask, the provider is asked once, and all get its answer.
 * A token that is still valid is never withheld because the provider is away, and a failure deletes nothing.
 */
@Injectable()
export class Refresher implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Refresher.name);
  private readonly flights = new SingleFlight<TokenSet>();

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly connectors: ConnectorRegistry,
    private readonly failures: RefreshFailures,
    private readonly clock: Clock,
    @Inject(TOKEN_VAULT_OPTIONS) private readonly options: TokenVaultModuleOptions,
    @Optional() @Inject(REAUTHORIZATION_URL) private readonly reauthorizationUrl?: ReauthorizationUrl,
  ) {}

  /** Whether the row's token can be handed out without asking the provider. */
  isFresh(secret: StoredSecret): boolean {
    const margin = this.connectors.peek(secret.connectorId)?.connector.descriptor.refreshMarginSeconds ?? 0;
    return isFresh(secret, margin, this.clock.now());
  }

  /** Whether the row's access token is traded for a new one while it is alive, there being no refresh token. */
  renewsWhileAlive({ connectorId }: Pick<StoredSecret, 'connectorId'>): boolean {
    return this.connectors.peek(connectorId)?.connector.descriptor.refreshesLivingAccessToken === true;
  }

  /** A working token set for the row, refreshed if that is due. */
  refresh({ id }: StoredSecret): Promise<TokenSet> {
    return this.flights.run(id, () => this.renew(id));
  }

  /** The error that sends the person to the provider again. */
  reauthorization({ connectorId, target, stateReason }: StoredSecret): LatchkeyError {
    return new LatchkeyError(
      'reauthorization_required',
      'Sign in at the provider again to renew this access.',
      {
        data: {
          target,
          reason: stateReason,
          authorization_url: (this.options.reauthorizationUrl ?? this.reauthorizationUrl)?.(connectorId),
        },
      },
    );
  }

  /** An answer of a provider that is on its way is waited for: it may hold a refresh token that comes only once. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.flights.settled();
  }

  private async renew(id: string): Promise<TokenSet> {
    const secret = await this.secrets.findById(id);
    if (!secret) throw notStored();
    if (secret.state === 'reauthorization_required') throw this.reauthorization(secret);
    const held = await this.sealer.open(secret);
    if (this.isFresh(secret)) return held;
    const now = this.clock.now();
    if (secret.retryAt !== null && secret.retryAt > now) return this.whileBackingOff(secret, held);

    const configured = await this.connectors.get(secret.connectorId);
    if (canRefresh(configured, held)) return this.ask(configured, secret, held);
    return isExpired(secret, now) ? this.giveUp(secret, 'no_refresh_token') : held;
  }

  private async ask(
    { connector, instance }: ConfiguredConnector,
    secret: StoredSecret,
    held: TokenSet,
  ): Promise<TokenSet> {
    let answer: TokenSet | undefined;
    try {
      answer = await connector.refresh?.(instance, held);
    } catch (error) {
      return this.afterRefusal(secret, held, error);
    }
    return answer ? this.keep(secret, held, answer) : held;
  }

  /**
   * What the provider has granted is handed out whether or not it can be written down: an answer cannot be asked for
   * again. A row that another writer has changed meanwhile holds something newer.
   */
  private async keep(secret: StoredSecret, held: TokenSet, answer: TokenSet): Promise<TokenSet> {
    const now = this.clock.now();
    const merged = mergeTokenSets({ ...held, obtainedAt: secret.obtainedAt }, answer, now);
    for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
      try {
        const clear = clearPartOf(merged, now);
        const sealed = await this.sealer.seal(merged, { ...secret, ...clear, version: secret.version + 1 });
        if (await this.secrets.replace(secret, { sealed, ...clear })) return merged;
        return await this.openNewer(secret);
      } catch (error) {
        this.logger.error(
          `Secret ${secret.id}: the provider's answer could not be stored, attempt ${attempt}`,
          stackOf(error),
        );
      }
    }
    await this.failures.noteQuietly(secret);
    return merged;
  }

  /** The loser of a race adopts what the winner has stored, before it judges. */
  private async afterRefusal(secret: StoredSecret, held: TokenSet, error: unknown): Promise<TokenSet> {
    const newer = await this.secrets.findById(secret.id);
    if (newer?.version !== secret.version) return this.openNewer(secret);
    if (error instanceof LatchkeyError && error.code === 'connector.grant_invalid')
      return this.giveUp(secret, 'grant_invalid');
    const retryAfterSeconds = await this.failures.note(secret, error);
    if (!isExpired(secret, this.clock.now())) return held;
    if (!(error instanceof LatchkeyError)) throw error;
    throw new LatchkeyError(error.code, error.message, { cause: error, retryAfterSeconds });
  }

  private async openNewer({ id }: StoredSecret): Promise<TokenSet> {
    const newer = await this.secrets.findById(id);
    if (!newer) throw notStored();
    return this.sealer.open(newer);
  }

  private whileBackingOff(secret: StoredSecret, held: TokenSet): TokenSet {
    const now = this.clock.now();
    if (!isExpired(secret, now)) return held;
    throw new LatchkeyError('connector.provider_unavailable', 'The provider has a problem.', {
      retryAfterSeconds: (secret.retryAt ?? now) - now,
    });
  }

  private async giveUp(
    secret: StoredSecret,
    stateReason: NonNullable<StoredSecret['stateReason']>,
  ): Promise<never> {
    await this.secrets.note(secret, { state: 'reauthorization_required', stateReason });
    this.logger.warn(`Secret ${secret.id} (${secret.connectorId}) needs its person again: ${stateReason}`);
    throw this.reauthorization({ ...secret, stateReason });
  }
}

const canRefresh = ({ connector }: ConfiguredConnector, held: TokenSet): boolean =>
  connector.refresh !== undefined &&
  (held.refreshToken !== undefined || connector.descriptor.refreshesLivingAccessToken === true);

/** Logto's answer where nothing is stored. */
export const notStored = (): LatchkeyError =>
  new LatchkeyError('secrets.third_party_token_set.token_not_found', 'Token record not found.');

const stackOf = (error: unknown): string | undefined => (error as { stack?: string }).stack;
