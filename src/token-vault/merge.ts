import type { TokenSet } from '../connectors/token-set.js';

/**
 * A newer answer of the provider over what was held. What the answer leaves out keeps its value: Google gives a
 * refresh token once, and many providers repeat neither scope nor lifetime when they refresh.
 */
export function mergeTokenSets(
  held: (TokenSet & { readonly obtainedAt: number }) | undefined,
  answer: TokenSet,
  now: number,
): TokenSet {
  return {
    accessToken: answer.accessToken,
    tokenType: answer.tokenType,
    refreshToken: answer.refreshToken ?? held?.refreshToken,
    scope: answer.scope ?? held?.scope,
    expiresAt: answer.expiresAt ?? expiryByHabit(held, now),
    refreshTokenExpiresAt: answer.refreshToken
      ? answer.refreshTokenExpiresAt
      : (answer.refreshTokenExpiresAt ?? held?.refreshTokenExpiresAt),
  };
}

/** The lifetime that the provider gave last time, counted from now. */
const expiryByHabit = (
  held: { expiresAt?: number; obtainedAt: number } | undefined,
  now: number,
): number | undefined =>
  held?.expiresAt === undefined ? undefined : now + Math.max(0, held.expiresAt - held.obtainedAt);
