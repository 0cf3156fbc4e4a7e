import type { StoredSecret } from './stored-secret.entity.js';

/** A token set's condition, for people and programs. */
export type TokenSetStatus = 'active' | 'expiring' | 'degraded' | 'reauthorization_required';

type Lifetime = Pick<StoredSecret, 'expiresAt' | 'obtainedAt'>;

/** Whether the access token can be handed out as it is. A short-lived token is not refreshed at each read. */
export function isFresh({ expiresAt, obtainedAt }: Lifetime, marginSeconds: number, now: number): boolean {
  if (expiresAt === null) return true;
  const margin = Math.min(marginSeconds, Math.floor((expiresAt - obtainedAt) / 4));
  return expiresAt - now > margin;
}

export const isExpired = ({ expiresAt }: Pick<StoredSecret, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && expiresAt <= now;

/** `renewsWhileAlive`: without a refresh token, the access token itself is traded for a new one before its end. */
export function statusOf(
  secret: Omit<StoredSecret, 'sealed'>,
  now: number,
  renewsWhileAlive = false,
): TokenSetStatus {
  if (secret.state !== 'active') return secret.state;
  if (secret.failures > 0) return 'degraded';
  if (endsSoon(secret, now)) return 'expiring';
  if (secret.hasRefreshToken || secret.expiresAt === null) return 'active';
  if (isExpired(secret, now)) return 'reauthorization_required';
  return renewsWhileAlive ? 'active' : 'expiring';
}

const SOON_SECONDS = 7 * 24 * 60 * 60;

/** Google ends the grants of an application in testing after a week: the person should know beforehand. */
const endsSoon = (
  { refreshTokenExpiresAt: end }: Pick<StoredSecret, 'refreshTokenExpiresAt'>,
  now: number,
): boolean => end !== null && end - now <= SOON_SECONDS;
