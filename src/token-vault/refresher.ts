import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../common/errors.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import type { TokenSet } from '../connectors/token-set.js';
import { retryDelaySeconds } from './back-off.js';
import { isExpired, isFresh } from './freshness.js';
import { mergeTokenSets } from './merge.js';
import { SecretStore } from './secret.store.js';
import { SingleFlight } from './single-flight.js';
import type { ReauthorizationReason, StoredSecret } from './stored-secret.entity.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from './token-vault.options.js';
import { TokenSetSealer } from './token-set.sealer.js';

/**
 * Renews token sets. However many readers of this process ask, the provider is asked once, and all get its answer.
 * A token that is still valid is never withheld because the provider is away, and a failure deletes nothing.
 */
@Injectable()
export class Refresher {
  private readonly logger = new Logger(Refresher.name);
  private readonly flights = new SingleFlight<TokenSet>();

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly connectors: ConnectorRegistry,
    private readonly clock: Clock,
    @Inject(TOKEN_VAULT_OPTIONS) private readonly options: TokenVaultModuleOptions,
  ) {}

  /** Whether the row's token can be handed out without asking the provider. */
  isFresh(secret: StoredSecret): boolean {
    const margin = this.connectors.find(secret.connectorId)?.connector.descriptor.refreshMarginSeconds ?? 0;
    return isFresh(secret, margin, this.clock.now());
  }

  /** A working token set for the row, refreshed if that is due. */
  refresh({ id }: StoredSecret): Promise<TokenSet> {
    return this.flights.run(id, () => this.renew(id));
  }

  /** The error that sends the person to the provider again. */
  reauthorization({ connectorId, target, stateReason }: StoredSecret): LatchkeyError {
    return new LatchkeyError(
      'reauthorization_required',
      'The provider has ended this access. Sign in there again to bring it back.',
      {
        data: {
          target,
          reason: stateReason,
          authorization_url: this.options.reauthorizationUrl?.(connectorId),
        },
      },
    );
  }

  private async renew(id: string): Promise<TokenSet> {
    const secret = await this.secrets.findById(id);
    if (!secret) throw notStored();
    if (secret.state === 'reauthorization_required') throw this.reauthorization(secret);
    const held = await this.sealer.open(secret);
    if (this.isFresh(secret)) return held;
    if (secret.retryAt !== null && secret.retryAt > this.clock.now())
      return this.whileBackingOff(secret, held);

    const { connector, instance } = this.connectors.get(secret.connectorId);
    if (!held.refreshToken || !connector.refresh) return this.withoutRefresh(secret, held);
    try {
      const answer = await connector.refresh(instance, held);
      return await this.keep(secret, held, answer);
    } catch (error) {
      return this.afterFailure(secret, held, error);
    }
  }

  private async keep(secret: StoredSecret, held: TokenSet, answer: TokenSet): Promise<TokenSet> {
    const now = this.clock.now();
    const merged = mergeTokenSets({ ...held, obtainedAt: secret.obtainedAt }, answer, now);
    const sealed = await this.sealer.seal(merged, { ...secret, version: secret.version + 1 });
    await this.secrets.replace(secret, { sealed, ...clearPartOf(merged, now) });
    return merged;
  }

  private async afterFailure(secret: StoredSecret, held: TokenSet, error: unknown): Promise<TokenSet> {
    const newer = await this.secrets.findById(secret.id);
    if (!newer) throw notStored();
    if (newer.version !== secret.version) return this.sealer.open(newer);
    if (isLatchkeyError(error) && error.code === 'connector.grant_invalid')
      return this.giveUp(secret, 'grant_invalid');
    if (!isLatchkeyError(error)) throw error;

    const delay = error.retryAfterSeconds ?? retryDelaySeconds(secret.failures);
    await this.secrets.note(secret, { failures: secret.failures + 1, retryAt: this.clock.now() + delay });
    this.logger.warn(
      `Refresh of secret ${secret.id} (${secret.connectorId}) failed: ${error.code}; next try in ${delay} s`,
    );
    if (!isExpired(secret, this.clock.now())) return held;
    throw new LatchkeyError(error.code, error.message, { cause: error, retryAfterSeconds: delay });
  }

  private whileBackingOff(secret: StoredSecret, held: TokenSet): TokenSet {
    const now = this.clock.now();
    if (!isExpired(secret, now)) return held;
    throw new LatchkeyError('connector.provider_unavailable', 'The provider has a problem.', {
      retryAfterSeconds: (secret.retryAt ?? now) - now,
    });
  }

  private withoutRefresh(secret: StoredSecret, held: TokenSet): TokenSet | Promise<TokenSet> {
    return isExpired(secret, this.clock.now()) ? this.giveUp(secret, 'no_refresh_token') : held;
  }

  private async giveUp(secret: StoredSecret, stateReason: ReauthorizationReason): Promise<never> {
    await this.secrets.note(secret, { state: 'reauthorization_required', stateReason });
    this.logger.warn(`Secret ${secret.id} (${secret.connectorId}) needs its person again: ${stateReason}`);
    throw this.reauthorization({ ...secret, stateReason });
  }
}

/** The columns in clear of a token set that has just been obtained. */
export const clearPartOf = ({ tokenType, scope, expiresAt, refreshToken }: TokenSet, now: number) =>
  ({
    tokenType,
    scope: scope?.join(' ') ?? null,
    expiresAt: expiresAt ?? null,
    hasRefreshToken: refreshToken !== undefined,
    state: 'active',
    stateReason: null,
    failures: 0,
    retryAt: null,
    obtainedAt: now,
  }) as const;

/** Logto's answer where nothing is stored. */
export const notStored = (): LatchkeyError =>
  new LatchkeyError('secrets.third_party_token_set.token_not_found', 'Token record not found.');
