import type { ProviderIdentity } from '../connectors/connector.js';
import { canonicalEmail } from './canonical-email.js';
import type { Identity } from './identity.entity.js';

const LONGEST_DETAILS_BYTES = 16 * 1024;
const DEEPEST_DETAILS = 64;

export type ProviderDetails = Pick<
  Identity,
  | 'name'
  | 'username'
  | 'email'
  | 'emailVerified'
  | 'emailCanonical'
  | 'emailAuthoritative'
  | 'phone'
  | 'phoneVerified'
  | 'avatar'
  | 'details'
>;

/** What a provider says of a person, as columns. What it leaves out is null: it no longer says so. */
export const detailsOf = (identity: ProviderIdentity): ProviderDetails => ({
  name: identity.name ?? identity.username ?? null,
  username: identity.username ?? null,
  email: identity.email ?? null,
  emailVerified: identity.emailVerified,
  emailCanonical: canonicalEmail(identity.email) ?? null,
  emailAuthoritative: identity.emailVerified && identity.emailAuthoritative === true,
  phone: identity.phone ?? null,
  phoneVerified: identity.phone !== undefined && identity.phoneVerified === true,
  avatar: identity.avatar ?? null,
  details: detailsText(identity.rawData),
});

/** The same identity, without a profile that is too much to keep. */
export const withinBounds = (identity: ProviderIdentity): ProviderIdentity =>
  detailsText(identity.rawData) === null ? { ...identity, rawData: undefined } : identity;

/** Whether such a profile can be kept as an account's details. */
export const isWorthKeeping = (rawData: unknown): boolean => detailsText(rawData) !== null;

/** Nothing for what is too long, or nested so deeply that whoever writes it down or reads it may run out of stack. */
function detailsText(rawData: unknown): string | null {
  if (!isShallow(rawData, DEEPEST_DETAILS)) return null;
  try {
    const text = JSON.stringify(rawData) as string | undefined;
    return text !== undefined && Buffer.byteLength(text) <= LONGEST_DETAILS_BYTES ? text : null;
  } catch (error) {
    if (error instanceof Error && ['RangeError', 'TypeError'].includes(error.name)) return null;
    throw error;
  }
}

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1)));
