import type { ConnectorDescriptor } from '../../connectors/connector.js';
import { accessTokenEnd, marginSeconds, type Habits, type Lifetime } from '../freshness.js';
import type { StoredSecret } from '../stored-secret.entity.js';

type Renewable = Lifetime & Pick<StoredSecret, 'state' | 'refreshTokenExpiresAt'>;

type RenewalHabits = Habits &
  Partial<
    Pick<ConnectorDescriptor, 'refreshesLivingAccessToken' | 'refreshTokenIsReusable' | 'renewsInBackground'>
  >;

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 24 * 60 * MINUTE_SECONDS;

/** Tokens that live shorter would be renewed all day long: their readers do it. */
const SHORTEST_LIFETIME_SECONDS = 15 * MINUTE_SECONDS;
/** From when it is due until readers would have to wait for it. */
const LONGEST_RESERVE_SECONDS = 5 * MINUTE_SECONDS;
/** Before a refresh token's end. */
const LONGEST_LEAD_SECONDS = 7 * DAY_SECONDS;

/**
 * When a token set is to be renewed without anybody asking; null if never. `share`, from 0 to 1, is left to chance: tokens
 * that end together are not renewed together, and none is renewed so late that a reader would have to wait for it.
 */
export function renewAtOf(secret: Renewable, habits: RenewalHabits, share = Math.random()): number | null {
  if (secret.state !== 'active') return null;
  const times = [accessTokenTime(secret, habits, share), grantTime(secret, habits, share)];
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** Between half of the access token's life and its margin. */
function accessTokenTime(secret: Renewable, habits: RenewalHabits, share: number): number | undefined {
  const { refreshesLivingAccessToken = false, renewsInBackground = true } = habits;
  const end = accessTokenEnd(secret, habits);
  if (!renewsInBackground || end === undefined) return undefined;
  if (!secret.hasRefreshToken && !refreshesLivingAccessToken) return undefined;
  const lifetime = end - secret.obtainedAt;
  if (lifetime < SHORTEST_LIFETIME_SECONDS) return undefined;
  const reserve = Math.min(LONGEST_RESERVE_SECONDS, lifetime / 20);
  const latest = end - marginSeconds(lifetime, habits) - reserve;
  return between(secret.obtainedAt + lifetime / 2, latest, share);
}

/** A grant that is kept alive by its use is used before it ends, wanted or not. */
function grantTime(
  { hasRefreshToken, refreshTokenExpiresAt: end, obtainedAt }: Renewable,
  { refreshTokenIsReusable = false }: RenewalHabits,
  share: number,
): number | undefined {
  if (!hasRefreshToken || end === null || refreshTokenIsReusable) return undefined;
  if (end - obtainedAt < SHORTEST_LIFETIME_SECONDS) return undefined;
  const lead = Math.min(LONGEST_LEAD_SECONDS, (end - obtainedAt) / 4);
  return between(end - lead, end - lead / 2, share);
}

const between = (from: number, to: number, share: number): number => Math.floor(from + share * (to - from));
