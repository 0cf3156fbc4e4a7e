import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { isUniqueViolation } from '../../common/unique-violation.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { IdentitiesService, type IdentityAt } from '../../identities/identities.service.js';
import { TokenVaultService } from '../../token-vault/token-vault.service.js';
import type { AuthorizationTransaction } from './authorization-transaction.entity.js';
import type { CurrentSession } from '../session/sessions.js';

const ATTEMPTS = 3;

export interface Arrival {
  readonly transaction: AuthorizationTransaction;
  readonly at: IdentityAt;
  /** Kept in the vault when given. */
  readonly tokenSet?: TokenSet;
  /** Who is signed in at the moment of the callback. */
  readonly session?: CurrentSession;
}

/** Turns who came back from a provider into a user of ours: identity, user and tokens are written together or not at all. */
@Injectable()
export class SignInService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(IdentitiesService) private readonly identities: IdentitiesService,
    @Inject(TokenVaultService) private readonly vault: TokenVaultService,
  ) {}

  /** The id of the user who is signed in from now on. */
  async complete(arrival: Arrival): Promise<string> {
    assertSamePerson(arrival);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.dataSource.transaction((manager) => this.write(manager, arrival));
      } catch (error) {
        if (attempt === ATTEMPTS || !isRace(error)) throw error;
      }
    }
  }

  /** Whether the provider has to ask the person once more before the grant can live without them. */
  async needsConsent(userId: string, { transaction, at, tokenSet }: Arrival): Promise<boolean> {
    if (!tokenSet || transaction.consent) return false;
    const account = { userId, connectorId: at.connectorId, subject: at.identity.subject };
    return !(await this.vault.isRenewable(this.dataSource.manager, account));
  }

  private async write(manager: EntityManager, { transaction, at, tokenSet }: Arrival): Promise<string> {
    const userId = await this.userOf(manager, transaction, at);
    if (tokenSet) {
      const { connectorId, target, identity } = at;
      await this.vault.store(manager, { userId, connectorId, target, subject: identity.subject }, tokenSet);
    }
    return userId;
  }

  private async userOf(
    manager: EntityManager,
    { purpose, userId }: AuthorizationTransaction,
    at: IdentityAt,
  ): Promise<string> {
    if (purpose === 'sign-in' || userId === null) return this.identities.signIn(manager, at);
    await (purpose === 'link'
      ? this.identities.link(manager, userId, at)
      : this.identities.confirm(manager, userId, at));
    return userId;
  }
}

/** What a signed-in user started, the same user finishes. */
function assertSamePerson({ transaction: { purpose, userId }, session }: Arrival): void {
  if (purpose === 'sign-in' || (userId !== null && session?.user.id === userId)) return;
  throw new LatchkeyError('auth.link_refused', 'Somebody else is signed in by now. Start again.');
}

/** Two first sign-ins of one person, or a sign-in and a refresh, met: the later one looks again. */
const isRace = (error: unknown): boolean =>
  isUniqueViolation(error) || (isLatchkeyError(error) && error.code === 'vault.conflict');
