import type { ConnectorDescriptor } from '../connectors/connector.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** A token set's condition, for people and programs. */
export type TokenSetStatus = 'active' | 'expiring' | 'degraded' | 'reauthorization_required' | 'revoked';

export type Lifetime = Pick<StoredSecret, 'expiresAt' | 'obtainedAt' | 'hasRefreshToken'>;

/** What a connector says of its access tokens. */
export type Habits = Partial<
  Pick<ConnectorDescriptor, 'refreshMarginSeconds' | 'assumedLifetimeSeconds' | 'revalidateSeconds'>
>;

const HOUR_SECONDS = 60 * 60;

/**
 * Whether the access token can be handed out as it is. A short-lived token is not refreshed at each read, whatever time
 * to live is asked for: a quarter of its life is left to it.
 */
export function isFresh(secret: Lifetime, habits: Habits, now: number, minTtlSeconds = 0): boolean {
  const end = accessTokenEnd(secret, habits);
  if (end === undefined) return true;
  const lifetime = end - secret.obtainedAt;
  const margin = marginSeconds(lifetime, habits);
  const wanted = Math.min(minTtlSeconds, Math.floor((lifetime * 3) / 4));
  return end - now > Math.max(margin, wanted);
}

/** For how long before its end an access token that lives so long is not handed out any more. */
export const marginSeconds = (lifetime: number, { refreshMarginSeconds = 0 }: Habits): number =>
  Math.min(refreshMarginSeconds, Math.floor(lifetime / 4));

/** A provider that gives a refresh token and no lifetime is not believed for ever. */
export function accessTokenEnd(
  { expiresAt, hasRefreshToken, obtainedAt }: Lifetime,
  { assumedLifetimeSeconds = HOUR_SECONDS }: Habits,
): number | undefined {
  if (expiresAt !== null) return expiresAt;
  return hasRefreshToken ? obtainedAt + assumedLifetimeSeconds : undefined;
}

/** Whether nobody has confirmed for long that an access token without an end is still good. */
export const needsValidation = (
  { expiresAt, hasRefreshToken, validatedAt }: Lifetime & Pick<StoredSecret, 'validatedAt'>,
  { revalidateSeconds = HOUR_SECONDS }: Habits,
  now: number,
): boolean => expiresAt === null && !hasRefreshToken && now - validatedAt >= revalidateSeconds;

export const isExpired = ({ expiresAt }: Pick<StoredSecret, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && expiresAt <= now;

/** `renewsWhileAlive`: without a refresh token, the access token itself is traded for a new one before its end. */
export function statusOf(
  secret: Omit<StoredSecret, 'sealed'>,
  now: number,
  renewsWhileAlive = false,
): TokenSetStatus {
  if (secret.state !== 'active') return secret.state;
  const end = endOf(secret);
  if (end !== null && end <= now) return 'reauthorization_required';
  if (secret.failures > 0) return 'degraded';
  if (endsSoon(secret, now)) return 'expiring';
  return end === null || secret.hasRefreshToken || renewsWhileAlive ? 'active' : 'expiring';
}

/** The next moment at which {@link statusOf} may say something else of the same row; null if never. */
export function nextStatusAt(secret: Omit<StoredSecret, 'sealed'>, now: number): number | null {
  if (secret.state !== 'active') return null;
  const ends = endsOf(secret);
  const moments = [...ends.map((end) => end - SOON_SECONDS), ...ends].filter((moment) => moment > now);
  return moments.length === 0 ? null : Math.min(...moments);
}

type Ends = Pick<StoredSecret, 'hasRefreshToken' | 'expiresAt' | 'refreshTokenExpiresAt'>;

/** When both tokens are over, so that only the person can help; null where nobody knows. */
const endOf = ({ hasRefreshToken, expiresAt, refreshTokenExpiresAt: end }: Ends): number | null =>
  hasRefreshToken ? end && Math.max(end, expiresAt ?? 0) : expiresAt;

const SOON_SECONDS = 7 * 24 * HOUR_SECONDS;

/** Google ends the grants of an application in testing after a week: the person should know beforehand. */
const endsSoon = (secret: Ends, now: number): boolean =>
  endsOf(secret).some((end) => end - now <= SOON_SECONDS);

/** Of the grant, and of all its tokens, as far as they are known. */
const endsOf = (secret: Ends): number[] =>
  [secret.refreshTokenExpiresAt, endOf(secret)].filter((end) => end !== null);
