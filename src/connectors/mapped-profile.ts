import { z } from 'zod';
import { LatchkeyError } from '../common/errors.js';
import type { ProviderIdentity } from './connector.js';
import { httpsUrl, optionalText, protocolId } from './profile.js';

/** Names that lead from data into the language. */
const PROTOTYPE_NAMES = ['__proto__', 'prototype', 'constructor'];

/** Where a value stands in a profile: names joined by dots, `data.user.id`. */
export const profilePath = z
  .string()
  .max(128)
  .refine(
    (path) => !path.split('.').some((name) => PROTOTYPE_NAMES.includes(name)),
    'is no path of a profile',
  );

/** Which value of a provider's profile is which; a path that leads nowhere is a value that is not given. */
export interface ProfileMap {
  readonly name: string;
  readonly username?: string;
  readonly email: string;
  readonly emailVerified?: string;
  readonly phone: string;
  readonly phoneVerified?: string;
  readonly avatar: string;
}

/** A name that itself contains dots, such as a namespaced claim, is found too. Inherited properties are not followed. */
export const valueAt = (profile: unknown, path: string): unknown =>
  ownValue(profile, path) ?? path.split('.').reduce(ownValue, profile);

/**
 * The profile without members, at any depth, that are called like credentials: nobody knows what a provider in general
 * puts there, and the rest is shown to people. What is nested deeper than profiles are is left out too.
 */
export function withoutCredentials(value: unknown, levels = DEEPEST): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return undefined;
  if (Array.isArray(value)) return value.map((item) => withoutCredentials(item, levels - 1));
  const kept = Object.entries(value).filter(([name]) => !CREDENTIAL.test(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutCredentials(inner, levels - 1)]));
}

const CREDENTIAL = /token|secret|password|api_?key/i;
const DEEPEST = 64;

/**
 * Without `emailVerified` in the map nobody says whether addresses are verified, and they are so only where whoever
 * configured the provider trusts it. Where there is one, trust does not replace it.
 */
export function personOf(
  profile: unknown,
  map: ProfileMap,
  trustEmail: boolean,
): Omit<ProviderIdentity, 'issuer' | 'subject'> {
  const text = (path: string | undefined) => optionalText.parse(scalarText(profile, path));
  const email = text(map.email);
  const phone = phoneNumber.parse(text(map.phone));
  const saysVerified = map.emailVerified === undefined ? trustEmail : isTrue(profile, map.emailVerified);
  const emailVerified = email !== undefined && saysVerified;
  return {
    name: text(map.name),
    username: text(map.username),
    email,
    emailVerified,
    emailAuthoritative: emailVerified && trustEmail,
    phone,
    phoneVerified: phone !== undefined && isTrue(profile, map.phoneVerified),
    avatar: httpsUrl.parse(text(map.avatar)),
  };
}

/**
 * The immutable id of a person as text. Rejects what every person without one would share, and numbers beyond 2^53,
 * which JSON has rounded already, so that two people could have the same.
 */
export function subjectAt(profile: unknown, path: string): string {
  const { success, data } = subject.safeParse(valueAt(profile, path));
  if (!success)
    throw new LatchkeyError('connector.invalid_response', "The provider's profile has no usable id.");
  return data;
}

const subject = z.union([
  protocolId.refine((text) => text.trim() === text),
  z
    .int()
    .refine((number) => number !== 0)
    .transform(String),
]);

/** In international form (E.164), with or without what people put between the digits. */
const phoneNumber = z
  .string()
  .transform((text) => text.replace(/[\s().-]/g, ''))
  .pipe(z.string().regex(/^\+[1-9]\d{6,14}$/))
  .optional()
  .catch(undefined);

function scalarText(profile: unknown, path: string | undefined): unknown {
  const value = path === undefined ? undefined : valueAt(profile, path);
  return typeof value === 'number' ? String(value) : value;
}

/** Some write their truth as text. */
const isTrue = (profile: unknown, path: string | undefined): boolean =>
  path !== undefined && [true, 'true'].includes(valueAt(profile, path) as boolean | string);

const ownValue = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
