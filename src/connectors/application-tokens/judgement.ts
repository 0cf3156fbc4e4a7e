import { isLatchkeyError, LatchkeyError, type ErrorCode } from '../../common/errors.js';
import { digestOf, type FailedFetch, type HeldToken } from './application-token.store.js';

const MARGIN_SECONDS = 300;
const REFUSED_AGAIN_SECONDS = 60;
const LONGEST_DELAY_SECONDS = 60;

/** `due` is still good, but not for long; `none` will not do. */
export type Usefulness = 'fresh' | 'due' | 'none';

/** What a row's token is good for; `refused` is the digest of a token that the provider does not take. */
export function usefulnessOf(
  { row, token }: HeldToken,
  refused: string | undefined,
  now: number,
): Usefulness {
  if (!token || row.expiresAt <= now) return 'none';
  const isRefused = digestOf(token) === refused && row.refused !== refused;
  if (isRefused) return 'none';
  return now < row.renewAt ? 'fresh' : 'due';
}

/**
 * When a new token is to be renewed: five minutes before its end, or when three quarters of a shorter life are over.
 * One that had been refused before and is granted all the same gets a minute.
 */
export function renewalOf(token: { expiresAt: number; isRefused: boolean }, now: number): number {
  const margin = Math.min(MARGIN_SECONDS, Math.floor((token.expiresAt - now) / 4));
  const renewAt = token.expiresAt - margin;
  return token.isRefused ? Math.min(renewAt, now + REFUSED_AGAIN_SECONDS) : renewAt;
}

/** How long the provider is left alone after a failure: 2 seconds, doubling to a minute, or for as long as it says. */
export function failureOf(error: unknown, failuresBefore: number, now: number): FailedFetch {
  const { code, retryAfterSeconds = 0 } = isLatchkeyError(error) ? error : UNKNOWN;
  const delay = Math.min(LONGEST_DELAY_SECONDS, 2 ** Math.min(failuresBefore + 1, 16));
  const retryAt = now + Math.max(delay, retryAfterSeconds);
  return { failures: failuresBefore + 1, failureCode: code, retryAt };
}

/** The same failure once more, for whoever asks meanwhile. */
export const whileLeftAlone = ({ failureCode, retryAt }: FailedFetch, now: number): LatchkeyError =>
  new LatchkeyError(
    failureCode ?? UNKNOWN.code,
    'The provider has just refused, and is left alone for a moment.',
    {
      retryAfterSeconds: retryAt - now,
    },
  );

const UNKNOWN: { readonly code: ErrorCode; readonly retryAfterSeconds?: number } = {
  code: 'connector.provider_unavailable',
};
