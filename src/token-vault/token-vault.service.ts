import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isLatchkeyError } from '../common/errors.js';
import { randomId } from '../common/random.js';
import type { TokenSet } from '../connectors/token-set.js';
import { statusOf, type TokenSetStatus } from './freshness.js';
import { mergeTokenSets } from './merge.js';
import { clearPartOf, notStored, Refresher } from './refresher.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { TokenSetSealer } from './token-set.sealer.js';

/** Whose token set it is. `userId` is the application's own; `subject` is the user's id at the provider. */
export interface TokenSetOwner {
  readonly userId: string;
  readonly connectorId: string;
  readonly target: string;
  readonly subject: string;
}

/** What can be told of a token set without opening it. Times in seconds since the epoch. */
export interface TokenSetSummary {
  readonly id: string;
  readonly connectorId: string;
  readonly target: string;
  readonly subject: string;
  readonly status: TokenSetStatus;
  readonly reason: string | null;
  readonly scope: string | null;
  readonly expiresAt: number | null;
  readonly hasRefreshToken: boolean;
  readonly firstStoredAt: number;
  readonly obtainedAt: number;
}

/** Keeps users' provider tokens sealed, and hands out a working one whenever asked. */
@Injectable()
export class TokenVaultService {
  private readonly logger = new Logger(TokenVaultService.name);

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly refresher: Refresher,
    private readonly clock: Clock,
  ) {}

  /**
   * A token set whose access token works now, refreshed first where it is about to expire. Rejects with
   * `secrets.third_party_token_set.token_not_found`, `reauthorization_required`, `vault.*`, or `connector.*` when
   * the provider is needed and cannot help. A read deletes nothing.
   */
  async read(userId: string, target: string): Promise<TokenSet> {
    const secret = await this.secrets.findByTarget(userId, target);
    if (!secret) throw notStored();
    if (secret.state === 'reauthorization_required') throw this.refresher.reauthorization(secret);
    return this.refresher.isFresh(secret) ? this.sealer.open(secret) : this.refresher.refresh(secret);
  }

  /**
   * Keeps what the provider granted, merged over what was held, as part of the caller's transaction.
   * Rejects with `vault.conflict` when another writer came first: run the transaction again.
   */
  async store(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    const existing = await this.secrets.findByAccount(
      manager,
      owner.userId,
      owner.connectorId,
      owner.subject,
    );
    await (existing ? this.replace(manager, existing, granted) : this.insert(manager, owner, granted));
  }

  /** Whether the grant of this account can be renewed without the person. */
  async isRenewable(
    manager: EntityManager,
    { userId, connectorId, subject }: Omit<TokenSetOwner, 'target'>,
  ): Promise<boolean> {
    const secret = await this.secrets.findByAccount(manager, userId, connectorId, subject);
    return secret !== null && secret.hasRefreshToken && secret.state === 'active';
  }

  /** Decrypts nothing. */
  async list(userId: string): Promise<TokenSetSummary[]> {
    const now = this.clock.now();
    const secrets = await this.secrets.listByUser(userId);
    return secrets.map((secret) => ({
      id: secret.id,
      connectorId: secret.connectorId,
      target: secret.target,
      subject: secret.subject,
      status: statusOf(secret, now),
      reason: secret.stateReason,
      scope: secret.scope,
      expiresAt: secret.expiresAt,
      hasRefreshToken: secret.hasRefreshToken,
      firstStoredAt: secret.firstStoredAt,
      obtainedAt: secret.obtainedAt,
    }));
  }

  private async insert(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    const now = this.clock.now();
    const row = { ...owner, id: randomId(21), version: 1 };
    const sealed = await this.sealer.seal(granted, row);
    await this.secrets.insert(manager, { ...row, sealed, ...clearPartOf(granted, now), firstStoredAt: now });
  }

  private async replace(manager: EntityManager, existing: StoredSecret, granted: TokenSet): Promise<void> {
    const now = this.clock.now();
    const held = existing.state === 'active' ? await this.openIfPossible(existing) : undefined;
    const merged = mergeTokenSets(held && { ...held, obtainedAt: existing.obtainedAt }, granted, now);
    const sealed = await this.sealer.seal(merged, { ...existing, version: existing.version + 1 });
    await this.secrets.replace(existing, { sealed, ...clearPartOf(merged, now) }, manager);
  }

  /** A new grant is the way out for a row that no longer opens, so that must not stand in its way. */
  private async openIfPossible(secret: StoredSecret): Promise<TokenSet | undefined> {
    try {
      return await this.sealer.open(secret);
    } catch (error) {
      if (!isLatchkeyError(error) || error.code !== 'vault.integrity_error') throw error;
      this.logger.error(`Secret ${secret.id} does not open and is replaced by a new grant`);
      return undefined;
    }
  }
}
