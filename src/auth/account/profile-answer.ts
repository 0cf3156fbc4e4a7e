import type { Identity } from '../../identities/identity.entity.js';
import type { User } from '../../identities/user.entity.js';

/** An account at a provider, in Logto's form: `userId` is the id there. */
export interface IdentityAnswer {
  readonly userId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One of several accounts, which Logto's form cannot tell apart. Times in milliseconds since the epoch, as Logto's. */
export interface LinkedIdentityAnswer extends IdentityAnswer {
  readonly id: string;
  readonly target: string;
  readonly connectorId: string;
  readonly emailVerified: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** Logto's form of a user. */
export interface ProfileAnswer {
  readonly id: string;
  readonly username: string | null;
  readonly name: string | null;
  readonly avatar: string | null;
  readonly primaryEmail: string | null;
  readonly emailVerified: boolean;
  readonly primaryPhone: string | null;
  /** The oldest account of each provider. */
  readonly identities: Readonly<Record<string, IdentityAnswer>>;
  /** All accounts, the oldest first. */
  readonly linkedIdentities: readonly LinkedIdentityAnswer[];
  readonly createdAt: number;
  readonly lastSignInAt: number;
  readonly isSuspended: boolean;
  readonly hasPassword: false;
}

export const profileAnswer = (user: User, identities: readonly Identity[]): ProfileAnswer => ({
  id: user.id,
  username: user.username,
  name: user.name,
  avatar: user.avatar,
  primaryEmail: user.email,
  emailVerified: user.emailVerified,
  primaryPhone: user.phone,
  identities: identityMap(identities),
  linkedIdentities: identities.map(linkedIdentity),
  createdAt: user.createdAt * 1000,
  lastSignInAt: user.lastSignInAt * 1000,
  isSuspended: user.suspended,
  hasPassword: false,
});

/** From the newest to the oldest, so that the oldest stays. */
export const identityMap = (identities: readonly Identity[]): Record<string, IdentityAnswer> =>
  Object.fromEntries(identities.toReversed().map((identity) => [identity.target, identityAnswer(identity)]));

export const identityAnswer = (identity: Identity): IdentityAnswer => ({
  userId: identity.subject,
  details: {
    id: identity.subject,
    name: identity.name ?? undefined,
    email: identity.email ?? undefined,
    phone: identity.phone ?? undefined,
    avatar: identity.avatar ?? undefined,
    rawData: identity.details === null ? undefined : (JSON.parse(identity.details) as unknown),
  },
});

const linkedIdentity = (identity: Identity): LinkedIdentityAnswer => ({
  id: identity.id,
  target: identity.target,
  connectorId: identity.connectorId,
  ...identityAnswer(identity),
  emailVerified: identity.emailVerified,
  createdAt: identity.createdAt * 1000,
  lastUsedAt: identity.lastUsedAt * 1000,
});
