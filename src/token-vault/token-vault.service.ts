import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { digest, isRecordId } from '../common/random.js';
import type { RevocationOutcome } from '../common/revocation-outcome.js';
import type { Secret } from '../common/secret.js';
import { splitScope, type TokenSet } from '../connectors/token-set.js';
import { Chronicle, type Reader } from './chronicle.js';
import type { TokenSetStatus } from './freshness.js';
import { Revocations, type FormerGrant } from './leaving/revocations.js';
import { GrantedScope, type WantedScope } from './granted-scope.js';
import { OpenedTokenSets } from './opened-token-sets.js';
import { Reauthorization } from './reauthorization.js';
import { notStored, Refresher } from './refresher.js';
import { LastUses } from './renewal/last-uses.js';
import { SecretStore } from './secret.store.js';
import type { ReauthorizationReason, StoredSecret } from './stored-secret.entity.js';
import { TokenSetWriter } from './token-set.writer.js';

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
  readonly reason: ReauthorizationReason | null;
  readonly tokenType: string;
  readonly scope: string | null;
  readonly expiresAt: number | null;
  readonly hasRefreshToken: boolean;
  readonly refreshTokenExpiresAt: number | null;
  readonly firstStoredAt: number;
  readonly obtainedAt: number;
  /** Give or take an hour; null if never. */
  readonly lastUsedAt: number | null;
}

/** What a reader wants beyond a token that works. */
export interface ReadOptions extends WantedScope {
  /**
   * Seconds for which the access token is to live at least. A provider's tokens live as long as they do: at most three
   * quarters of that are honoured, so that not every read renews. Default: the connector's margin.
   */
  readonly minTtlSeconds?: number;
  /** The id of one of several token sets at this target. Default: the oldest. */
  readonly secretId?: string;
  /** An access token that the provider's API does not take any more: another one is wanted. */
  readonly refused?: Secret;
  /** Who asks, for the audit log. Default: the application itself. */
  readonly reader?: Reader;
}

/** Keeps users' provider tokens sealed, and hands out a working one whenever asked. */
@Injectable()
export class TokenVaultService {
  constructor(
    private readonly secrets: SecretStore,
    private readonly opened: OpenedTokenSets,
    private readonly refresher: Refresher,
    private readonly reauthorization: Reauthorization,
    private readonly grantedScope: GrantedScope,
    private readonly revocations: Revocations,
    private readonly writer: TokenSetWriter,
    private readonly chronicle: Chronicle,
    private readonly lastUses: LastUses,
  ) {}

  /**
   * A token set whose access token works now, refreshed first where it is about to expire. Rejects with
   * `secrets.third_party_token_set.token_not_found`, `reauthorization_required`, `vault.scope_missing`, other `vault.*`,
   * or `connector.*` when the provider is needed and cannot help. A read deletes nothing.
   */
  async read(userId: string, target: string, options: ReadOptions = {}): Promise<TokenSet> {
    const secret = await this.find(userId, target, options);
    try {
      const tokenSet = await this.obtain(secret, options);
      this.chronicle.read(secret as StoredSecret, options.reader);
      this.lastUses.note(secret as StoredSecret);
      return tokenSet;
    } catch (error) {
      const about = {
        userId,
        target: nameOf(target),
        secretId: secret?.id,
        connectorId: secret?.connectorId,
      };
      this.chronicle.notRead({ ...about, ...options.reader }, error);
      throw error;
    }
  }

  /**
   * Keeps what the provider granted, merged over what was held, as part of the caller's transaction.
   * Rejects with `vault.conflict` when another writer came first: run the transaction again.
   */
  store(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    return this.writer.write(manager, owner, granted);
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
   * Destroys the token set of an account as part of the caller's transaction, in which it is written down too that its
   * grant has to be ended at the provider. After the commit hand what is returned to {@link endGrants}; that process may
   * die before. Nothing where none was held.
   */
  async forget(
    manager: EntityManager,
    { userId, connectorId, subject }: Omit<TokenSetOwner, 'target'>,
  ): Promise<FormerGrant | undefined> {
    const secret = await this.secrets.findByAccount(manager, userId, connectorId, subject);
    return secret ? this.revocations.take(manager, secret) : undefined;
  }

  /** The same for token sets of several accounts. */
  async forgetAll(
    manager: EntityManager,
    owners: readonly Omit<TokenSetOwner, 'target'>[],
  ): Promise<FormerGrant[]> {
    const grants: FormerGrant[] = [];
    for (const owner of owners) {
      const grant = await this.forget(manager, owner);
      if (grant) grants.push(grant);
    }
    return grants;
  }

  /**
   * Ends grants at their providers, and waits for it two seconds at most. `pending` ones are tried again for days;
   * `unsupported` where there is nothing that could be ended.
   */
  endGrants(grants: readonly FormerGrant[]): Promise<RevocationOutcome> {
    return this.revocations.attempt(grants);
  }

  /** Decrypts nothing. */
  async list(userId: string): Promise<TokenSetSummary[]> {
    const secrets = await this.secrets.listByUser(userId);
    return secrets.map((secret) => ({
      id: secret.id,
      connectorId: secret.connectorId,
      target: secret.target,
      subject: secret.subject,
      status: this.chronicle.statusOf(secret),
      reason: this.chronicle.reasonOf(secret),
      tokenType: secret.tokenType,
      scope: secret.scope,
      expiresAt: secret.expiresAt,
      hasRefreshToken: secret.hasRefreshToken,
      refreshTokenExpiresAt: secret.refreshTokenExpiresAt,
      firstStoredAt: secret.firstStoredAt,
      obtainedAt: secret.obtainedAt,
      lastUsedAt: secret.lastUsedAt,
    }));
  }

  private async obtain(secret: StoredSecret | undefined, options: ReadOptions): Promise<TokenSet> {
    if (!secret) throw notStored();
    if (secret.state !== 'active') throw this.reauthorization.required(secret);
    this.grantedScope.assert(secret, splitScope(secret.scope ?? ''), options);
    const { minTtlSeconds, refused } = options;
    const need = { minTtlSeconds, refused: refused && digest(refused.reveal()) };
    if (this.refresher.isFresh(secret, need)) return this.opened.open(secret);
    const renewed = await this.refresher.refresh(secret, need);
    this.grantedScope.assert(secret, renewed.scope, options);
    return renewed;
  }

  private async find(
    userId: string,
    target: string,
    { secretId }: ReadOptions,
  ): Promise<StoredSecret | undefined> {
    if (!isTarget(target)) return undefined;
    if (secretId === undefined) return this.secrets.findByTarget(userId, target);
    const secret = isRecordId(secretId) ? await this.secrets.findById(secretId) : undefined;
    return secret?.userId === userId && secret.target === target ? secret : undefined;
  }
}

/** Only such names are ever stored; databases disagree about others. */
const isTarget = (name: string): boolean => /^[\w.-]{1,64}$/.test(name);

/** Whatever else somebody asks for is not written down as they wrote it. */
const nameOf = (target: string): string | undefined => (isTarget(target) ? target : undefined);
