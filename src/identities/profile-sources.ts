import { z } from 'zod';
import type { ProviderIdentity } from '../connectors/connector.js';
import type { ProviderDetails } from './provider-details.js';
import type { User } from './user.entity.js';

/** Set by the person, and by no provider any more. */
export const BY_USER = 'user';

const FIELDS = ['name', 'avatar', 'username', 'email', 'phone'] as const;
const sources = z.partialRecord(z.enum(FIELDS), z.string());

/** Of each field of a profile who has set it: an identity's id, or {@link BY_USER}. */
export type ProfileSources = z.output<typeof sources>;

export type Profile = Pick<
  User,
  | 'name'
  | 'avatar'
  | 'username'
  | 'email'
  | 'emailVerified'
  | 'emailCanonical'
  | 'phone'
  | 'phoneVerified'
  | 'profileSources'
>;

export const sourcesOf = ({ profileSources }: Pick<User, 'profileSources'>): ProfileSources =>
  profileSources === null ? {} : sources.parse(JSON.parse(profileSources));

/** The profile of a user whom an identity brings; an address that is no address is left out. */
export function firstProfile(
  { name, avatar, username, ...contact }: ProviderDetails,
  identityId: string,
  isFree: { readonly email: boolean; readonly phone: boolean },
): Profile {
  const hasEmail = isFree.email && contact.emailCanonical !== null;
  const email = hasEmail ? contact.email : null;
  const phone = isFree.phone ? contact.phone : null;
  const given = { name, avatar, username, email, phone };
  const set = FIELDS.filter((field) => given[field] !== null).map((field) => [field, identityId] as const);
  return {
    ...given,
    emailVerified: email !== null && contact.emailVerified,
    emailCanonical: email === null ? null : contact.emailCanonical,
    phoneVerified: phone !== null && contact.phoneVerified,
    profileSources: set.length > 0 ? JSON.stringify(Object.fromEntries(set)) : null,
  };
}

/** A profile without what this identity has set in it. */
export function withoutSource(user: Profile, identityId: string): Partial<Profile> | undefined {
  const held = Object.entries(sourcesOf(user));
  const set = held.filter(([, source]) => source === identityId).map(([field]) => field);
  if (set.length === 0) return undefined;
  const rest = Object.fromEntries(held.filter(([, source]) => source !== identityId));
  return {
    ...Object.fromEntries(set.map((field) => [field, null])),
    ...(set.includes('email') && { emailCanonical: null, emailVerified: false }),
    ...(set.includes('phone') && { phoneVerified: false }),
    profileSources: JSON.stringify(rest),
  };
}

/**
 * What a sign-in changes of a profile that follows its providers: name, picture and username, where the provider gives
 * them. A field belongs to whoever has set it: to the person for good, to an identity for as long as it is linked.
 */
export function syncedProfile(
  user: Profile,
  { name, avatar, username }: ProviderIdentity,
  { identityId, linkedIds }: { readonly identityId: string; readonly linkedIds: ReadonlySet<string> },
): Partial<Profile> | undefined {
  const held = sourcesOf(user);
  const isOurs = (source: string | undefined): boolean =>
    source === undefined || source === identityId || (source !== BY_USER && !linkedIds.has(source));
  const changes = Object.entries({ name, avatar, username }).filter(
    ([field, value]) =>
      value !== undefined &&
      isOurs(held[field as keyof ProfileSources]) &&
      (user[field as keyof Profile] !== value || held[field as keyof ProfileSources] !== identityId),
  );
  if (changes.length === 0) return undefined;
  const setNow = Object.fromEntries(changes.map(([field]) => [field, identityId]));
  return { ...Object.fromEntries(changes), profileSources: JSON.stringify({ ...held, ...setNow }) };
}
