import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { isLatchkeyError } from '../../common/errors.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { IdentitiesService } from '../../identities/identities.service.js';
import { accountInLog, type IdentityAt } from '../../identities/identity-at.js';
import { IdentityRows } from '../../identities/identity-rows.js';
import { Refused } from '../../identities/refused.js';
import { Transactions } from '../../identities/transactions.js';
import { TokenVaultService } from '../../token-vault/token-vault.service.js';
import type { AuthorizationTransaction } from './authorization-transaction.entity.js';
import { Sessions, type CurrentSession } from '../session/sessions.js';
import { LOGTO } from '../logto/logto.js';
import type { Caller } from '../../common/request-of.js';

export interface Arrival {
  readonly transaction: AuthorizationTransaction;
  readonly at: IdentityAt;
  /** Kept in the vault when given. */
  readonly tokenSet?: TokenSet;
  /** Who is signed in at the moment of the callback. */
  readonly session?: CurrentSession;
}

/** Who is signed in, and with which of their identities. */
export interface SignedIn {
  readonly userId: string;
  readonly identityId?: string;
}

/** Turns who came back from a provider into a user of ours: identity, user and tokens are written together or not at all. */
@Injectable()
export class SignInService {
  private readonly logger = new Logger(SignInService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(IdentitiesService) private readonly identities: IdentitiesService,
    @Inject(TokenVaultService) private readonly vault: TokenVaultService,
    private readonly rows: IdentityRows,
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
  ) {}

  /** Who is signed in from now on; a session has to be opened for them. */
  complete(arrival: Arrival): Promise<SignedIn> {
    return this.transactions.run(async (manager) => {
      assertSamePerson(arrival);
      return this.with(manager, arrival.at, await this.write(manager, arrival));
    });
  }

  /**
   * Signs in somebody whom the application has recognised by a strategy of its own: finds or makes the user of this
   * account and opens a session. The account's proof is the application's business. Returns the user's id.
   */
  async enter(caller: Caller, response: unknown, at: IdentityAt): Promise<string> {
    const { userId, identityId } = await this.transactions.run(async (manager) =>
      this.with(manager, at, await this.identities.signIn(manager, at)),
    );
    await this.sessions.open(caller, response, userId, { identityId });
    return userId;
  }

  /** The user of an account at Logto, if there is one. */
  ownerAtLogto(issuer: string, subject: string): Promise<string | undefined> {
    return this.identities.ownerOf(LOGTO, issuer, subject);
  }

  /** The same, made where there is none, by the policy of every sign-in. */
  async userAtLogto(issuer: string, subject: string): Promise<string> {
    const identity = { issuer, subject, emailVerified: false };
    const at = { connectorId: LOGTO, target: LOGTO, identity };
    const known = await this.ownerAtLogto(issuer, subject);
    return known ?? this.transactions.run((manager) => this.identities.signIn(manager, at));
  }

  /** Whether the provider has to ask the person once more before the grant can live without them. */
  async needsConsent(userId: string, { transaction, at, tokenSet }: Arrival): Promise<boolean> {
    if (!tokenSet || transaction.consent) return false;
    const account = { userId, connectorId: at.connectorId, subject: at.identity.subject };
    return !(await this.vault.isRenewable(this.dataSource.manager, account));
  }

  private async with(manager: EntityManager, at: IdentityAt, userId: string): Promise<SignedIn> {
    const identity = await this.rows.find(manager, at);
    return { userId, identityId: identity?.id };
  }

  private async write(manager: EntityManager, { transaction, at, tokenSet }: Arrival): Promise<string> {
    const userId = await this.userOf(manager, transaction, at);
    if (tokenSet) await this.keep(manager, userId, { transaction, at, tokenSet });
    return userId;
  }

  /** Tokens that are too large to be kept keep nobody out who came to sign in. */
  private async keep(
    manager: EntityManager,
    userId: string,
    { transaction, at, tokenSet }: Pick<Arrival, 'transaction' | 'at'> & { tokenSet: TokenSet },
  ): Promise<void> {
    const { connectorId, target, identity } = at;
    try {
      await this.vault.store(manager, { userId, connectorId, target, subject: identity.subject }, tokenSet);
    } catch (error) {
      const isForgiven = isLatchkeyError(error) && error.code === 'vault.token_too_large';
      if (!isForgiven || transaction.purpose === 'reauthorize') throw error;
      this.logger.warn(`What ${connectorId} granted to user ${userId} is too large to be kept`);
    }
  }

  private async userOf(
    manager: EntityManager,
    { purpose, userId }: AuthorizationTransaction,
    at: IdentityAt,
  ): Promise<string> {
    if (purpose === 'sign-in' || userId === null) return this.identities.signIn(manager, at);
    await (purpose === 'link'
      ? this.identities.link(manager, { userId, actorId: userId }, at)
      : this.identities.confirm(manager, userId, at));
    return userId;
  }
}

/** What a signed-in user started, the same user finishes. */
function assertSamePerson({ transaction: { purpose, userId }, session, at }: Arrival): void {
  if (purpose === 'sign-in' || (userId !== null && session?.user.id === userId)) return;
  const actorId = session?.user.id ?? null;
  const event = { event: 'identity.linked', reason: 'somebody_else_signed_in', actorId, userId };
  throw new Refused('auth.link_refused', 'Somebody else is signed in by now. Start again.', {
    ...event,
    ...accountInLog(at),
  });
}
