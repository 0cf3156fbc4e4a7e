import { LatchkeyError } from '../../common/errors.js';
import type { Identity } from '../../identities/identity.entity.js';

/**
 * Which of a user's accounts at a provider is meant: the one that is named, or the only one. Throws
 * `user.identity_not_exist`, or `user.identity_ambiguous` where one of several has to be named.
 */
export function chooseIdentity(
  identities: readonly Identity[],
  target: string,
  identityId?: string,
): Identity {
  const atTarget = identities.filter((identity) => identity.target === target);
  const [chosen, ...others] =
    identityId === undefined ? atTarget : atTarget.filter(({ id }) => id === identityId);
  if (!chosen) throw new LatchkeyError('user.identity_not_exist', 'No such account is linked.');
  if (others.length === 0) return chosen;
  throw new LatchkeyError(
    'user.identity_ambiguous',
    'Several accounts of this provider are linked: name one.',
    {
      data: { identityIds: atTarget.map(({ id }) => id) },
    },
  );
}
