import type { EntityManager } from 'typeorm';
import { RESERVED } from '../connectors/instances/instance.js';
import { Identity } from './identity.entity.js';
import { BY_USER, sourcesOf } from './profile-sources.js';
import { User } from './user.entity.js';

type Word = Pick<Identity, 'target' | 'emailVerified' | 'emailAuthoritative'>;

/** Whether an account's word on its address makes it verified for the user: that of a provider to be believed, or of Logto. */
export const isVouchedFor = ({ target, emailVerified, emailAuthoritative }: Word): boolean =>
  emailVerified && (emailAuthoritative || target === RESERVED);

/**
 * Makes the user's `emailVerified` say whether one of their accounts vouches for their address now. After every write
 * of an identity; an address that the user or the application has set is left alone.
 */
export async function judgeEmail(manager: EntityManager, userId: string): Promise<void> {
  const user = await manager.findOneBy(User, { id: userId });
  if (!user || user.emailCanonical === null || sourcesOf(user).email === BY_USER) return;
  const identities = await manager.findBy(Identity, { userId, emailCanonical: user.emailCanonical });
  const emailVerified = identities.some(isVouchedFor);
  if (emailVerified !== user.emailVerified) await manager.update(User, { id: userId }, { emailVerified });
}
