import { Inject, Injectable, Optional } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  AUTOMATIC_ACCOUNT_LINKING,
  noAutomaticAccountLinking,
  type AutomaticAccountLinking,
} from './automatic-account-linking.js';
import { RESERVED } from '../connectors/instances/instance.js';
import { canonicalEmail, isSpelledAlike } from './canonical-email.js';
import type { IdentityAt } from './identity-at.js';
import { Identity } from './identity.entity.js';
import { User } from './user.entity.js';

/** Whose an unknown account is. `reason` is a stable name for the audit log, at most 64 characters; nobody else sees it. */
export type LinkingDecision =
  | { readonly action: 'create' | 'refuse'; readonly reason: string }
  | { readonly action: 'link'; readonly userId: string; readonly reason: string };

/**
 * Decides to whom an account belongs that nobody has used here before. An address is somebody's only where a provider
 * that is to be believed has verified it for them: what Logto, Facebook, WeCom or X say of addresses makes nobody their
 * owner. An account with nobody's address is a new user; so is one of Logto, the application's own directory, which nobody
 * is kept out of by an address told elsewhere. Another one with somebody's address is refused, and its owner links it,
 * signed in; or, where automatic linking is on and both sides are beyond doubt, it is joined.
 * Extend it and give yours to `AuthModule.forRoot({ linkingPolicy })`.
 */
@Injectable()
export class LinkingPolicy {
  constructor(
    @Optional()
    @Inject(AUTOMATIC_ACCOUNT_LINKING)
    private readonly isAutomatic: AutomaticAccountLinking = noAutomaticAccountLinking,
  ) {}

  /** Runs inside the transaction of the sign-in. */
  async decide(manager: EntityManager, at: IdentityAt): Promise<LinkingDecision> {
    const emailCanonical = canonicalEmail(at.identity.email);
    if (emailCanonical === undefined) return { action: 'create', reason: 'no_address' };
    const holders = await holdersOf(manager, emailCanonical);
    if (holders.length === 0) return { action: 'create', reason: 'address_of_nobody' };
    if (at.target === RESERVED) return { action: 'create', reason: 'own_directory' };
    const doubt = doubtOf(at, holders);
    if (doubt !== undefined) return { action: 'refuse', reason: doubt };
    if (!(await this.isAutomatic(manager))) return { action: 'refuse', reason: 'linking_not_automatic' };
    const [{ userId }] = holders;
    const isActive = await manager.existsBy(User, { id: userId, suspended: false });
    return isActive
      ? { action: 'link', userId, reason: 'same_verified_address' }
      : { action: 'refuse', reason: 'owner_suspended' };
  }

  /**
   * Whether accounts of this `connectorId` come by a strategy of the application's own. They sign their users in though
   * there is no such connector, so that another account may be unlinked, and may be named by hand. Default: none do, for
   * a connector that has been deleted looks the same.
   */
  isOwnStrategy(_connectorId: string): boolean {
    return false;
  }
}

/** Whose address it is: the identities that carry it, verified by a provider that is to be believed. */
export const holdersOf = (manager: EntityManager, emailCanonical: string): Promise<Identity[]> =>
  manager.findBy(Identity, { emailCanonical, emailVerified: true, emailAuthoritative: true });

/** A provider that gives one address to two of its accounts has given it to another person since. */
function doubtOf({ target, identity }: IdentityAt, holders: readonly Identity[]): string | undefined {
  const { email = '', emailVerified, emailAuthoritative = false, issuer } = identity;
  if (!emailVerified || !emailAuthoritative) return 'address_not_vouched_for';
  if (new Set(holders.map(({ userId }) => userId)).size > 1) return 'address_of_several';
  if (holders.some((holder) => holder.target === target && holder.issuer === issuer))
    return 'address_changed_hands';
  return holders.every((holder) => isSpelledAlike(holder.email ?? '', email))
    ? undefined
    : 'address_spelled_otherwise';
}
