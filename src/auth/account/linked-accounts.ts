import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { LatchkeyError } from '../../common/errors.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { IdentitiesService, type LinkTo } from '../../identities/identities.service.js';
import { accountInLog, type IdentityAt } from '../../identities/identity-at.js';
import { IdentityRows } from '../../identities/identity-rows.js';
import type { Identity } from '../../identities/identity.entity.js';
import { Refused } from '../../identities/refused.js';
import { Transactions } from '../../identities/transactions.js';
import { Unlinking, type Departed } from '../../identities/unlinking.js';
import { TokenVaultService } from '../../token-vault/token-vault.service.js';
import type { Redeemed } from '../sign-in/social.service.js';
import { chooseIdentity } from './choose-identity.js';

/** An account whose owner has proved that it is theirs, and what has to be written together with its use. */
export interface Proven extends Redeemed {
  /** Uses up the proof. */
  readonly consume?: (manager: EntityManager) => Promise<void>;
}

/** By which session an account is replaced, and which one, of several. */
export interface ReplaceRequest extends LinkTo {
  readonly sessionId?: string;
  readonly identityId?: string;
}

export interface Replacement {
  /** The user had no account there. */
  readonly isNew: boolean;
  readonly unlinked?: Departed;
}

/** What is done to the accounts of a user by the Account and the Management API. */
@Injectable()
export class LinkedAccounts {
  constructor(
    private readonly transactions: Transactions,
    private readonly identities: IdentitiesService,
    private readonly rows: IdentityRows,
    private readonly unlinking: Unlinking,
    private readonly vault: TokenVaultService,
  ) {}

  /** Rejects with `user.identity_already_in_use`, also where the account is the user's own already. */
  async add(to: LinkTo, proven: Proven): Promise<void> {
    await this.transactions.run(async (manager) => {
      await proven.consume?.(manager);
      const known = await this.rows.find(manager, proven.at);
      if (known?.userId === to.userId)
        throw new LatchkeyError('user.identity_already_in_use', 'This account is linked already.');
      await this.identities.link(manager, to, proven.at);
      await this.keep(manager, to.userId, proven);
    });
  }

  /**
   * The account takes the place of another one of the same provider; of several, `identityId` names it. One that is the
   * user's already takes the place of none, unless one is named: to do it again changes nothing.
   */
  async replace(to: ReplaceRequest, proven: Proven): Promise<Replacement> {
    const { isNew, removal } = await this.transactions.run(async (manager) => {
      await proven.consume?.(manager);
      const known = await this.rows.find(manager, proven.at);
      await this.identities.link(manager, to, proven.at);
      await this.keep(manager, to.userId, proven);
      const others = await this.others(manager, to.userId, proven.at);
      const isNamed = to.identityId !== undefined && to.identityId !== known?.id;
      const isWanted = isNamed || (known === null && others.length > 0);
      const former = isWanted ? chooseIdentity(others, proven.at.target, to.identityId) : undefined;
      const removal = former && (await this.unlinking.remove(manager, former, to));
      return { isNew: known === null && others.length === 0, removal };
    });
    return { isNew, unlinked: removal && (await this.unlinking.conclude(removal)) };
  }

  /** Keeps a new grant of an account that is the user's already. */
  async renew(userId: string, target: string, proven: Proven): Promise<TokenSet> {
    const { at, tokenSet } = proven;
    if (at.target !== target) throw invalidTarget(target, at.target);
    if (!tokenSet)
      throw new LatchkeyError(
        'verification_record.social_verification.token_response_not_found',
        'The provider granted no token that could be kept.',
      );
    await this.transactions.run(async (manager) => {
      await proven.consume?.(manager);
      const known = await this.rows.find(manager, at);
      if (known?.userId !== userId) throw notLinked(userId, at);
      await this.identities.confirm(manager, userId, at);
      await this.keep(manager, userId, proven);
    });
    return tokenSet;
  }

  /** The other accounts of the user at the same provider. */
  private async others(
    manager: EntityManager,
    userId: string,
    { target, identity: { issuer, subject } }: IdentityAt,
  ): Promise<Identity[]> {
    return (await this.rows.ofUser(manager, userId)).filter(
      (row) => row.target === target && !(row.issuer === issuer && row.subject === subject),
    );
  }

  private async keep(manager: EntityManager, userId: string, { at, tokenSet }: Proven): Promise<void> {
    const { connectorId, target, identity } = at;
    if (tokenSet)
      await this.vault.store(manager, { userId, connectorId, target, subject: identity.subject }, tokenSet);
  }
}

const invalidTarget = (expected: string, actual: string): LatchkeyError =>
  new LatchkeyError(
    'verification_record.social_verification.invalid_target',
    'The verification is of another provider.',
    { data: { expected, actual } },
  );

const notLinked = (userId: string, at: IdentityAt): Refused =>
  new Refused(
    'user.identity_not_exists_in_current_user',
    'This is not the account that is linked. Choose the same one as before.',
    {
      event: 'identity.confirmed',
      reason: 'other_account',
      actorId: userId,
      userId,
      ...accountInLog(at),
    },
  );
