import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../common/errors.js';
import { randomId } from '../common/random.js';
import type { TokenSet } from '../connectors/token-set.js';
import { statusOf, type TokenSetStatus } from './freshness.js';
import { mergeTokenSets } from './merge.js';
import { notStored, Refresher } from './refresher.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from './token-set.sealer.js';

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
  readonly refreshTokenExpiresAt: number | null;
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
    const secret = isTarget(target) ? await this.secrets.findByTarget(userId, target) : undefined;
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

  /** The accounts of a user of which token sets are held. */
  async ownersOf(manager: EntityManager, userId: string): Promise<TokenSetOwner[]> {
    const secrets = await this.secrets.listByUser(userId, manager);
    return secrets.map(({ connectorId, target, subject }) => ({ userId, connectorId, target, subject }));
  }

  /**
   * Destroys the token set of an account as part of the caller's transaction, and hands it out a last time, so that its
   * grant can be ended at the provider. Nothing where none was held, or what was held does not open.
   */
  async forget(
    manager: EntityManager,
    { userId, connectorId, subject }: Omit<TokenSetOwner, 'target'>,
  ): Promise<TokenSet | undefined> {
    const secret = await this.secrets.findByAccount(manager, userId, connectorId, subject);
    if (!secret) return undefined;
    await this.secrets.remove(manager, secret);
    try {
      return await this.sealer.open(secret);
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.logger.error(`Secret ${secret.id} does not open at its end: ${error.code}`);
      return undefined;
    }
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
      status: statusOf(secret, now, this.refresher.renewsWhileAlive(secret)),
      reason: secret.stateReason,
      scope: secret.scope,
      expiresAt: secret.expiresAt,
      hasRefreshToken: secret.hasRefreshToken,
      refreshTokenExpiresAt: secret.refreshTokenExpiresAt,
      firstStoredAt: secret.firstStoredAt,
      obtainedAt: secret.obtainedAt,
    }));
  }

  private async insert(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    const now = this.clock.now();
    const row = { ...owner, ...clearPartOf(granted, now), id: randomId(21), version: 1, firstStoredAt: now };
    await this.secrets.insert(manager, { ...row, sealed: await this.sealer.seal(granted, row) });
  }

  /** On an instance that lacks the key of what is held, an incomplete grant is not stored over it. */
  private async replace(manager: EntityManager, existing: StoredSecret, granted: TokenSet): Promise<void> {
    const held = await this.worthMerging(existing, granted);
    if (held === 'locked') return;
    const now = this.clock.now();
    const merged = mergeTokenSets(held, granted, now);
    const clear = clearPartOf(merged, now);
    const sealed = await this.sealer.seal(merged, { ...existing, ...clear, version: existing.version + 1 });
    if (await this.secrets.replace(existing, { sealed, ...clear }, manager)) return;
    throw new LatchkeyError('vault.conflict', 'The token set was changed at the same time. Try again.');
  }

  /**
   * A new grant is the way out for a row that no longer opens or works, so that must not stand in its way: what was
   * held is looked at only where the grant is incomplete without it.
   */
  private async worthMerging(
    existing: StoredSecret,
    granted: TokenSet,
  ): Promise<HeldTokenSet | 'locked' | undefined> {
    if (granted.refreshToken || existing.state !== 'active') return undefined;
    try {
      return { ...(await this.sealer.open(existing)), obtainedAt: existing.obtainedAt };
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.logger.error(`Secret ${existing.id} does not open at a new grant: ${error.code}`);
      return error.code === 'vault.key_unavailable' ? 'locked' : undefined;
    }
  }
}

type HeldTokenSet = TokenSet & { readonly obtainedAt: number };

/** Only such names are ever stored; databases disagree about others. */
const isTarget = (name: string): boolean => /^[\w.-]{1,64}$/.test(name);
