import { hash } from 'node:crypto';
import { digest } from '../common/random.js';
import type { Secret } from '../common/secret.js';

/** What names a refresh token without being it. Null where there is none, or one too short. */
export interface RefreshTokenMarks {
  readonly refreshTokenPrefix: string | null;
  readonly refreshTokenHash: string | null;
}

const PREFIX_LENGTH = 16;

/** Of a shorter one, a prefix would say too much: whoever found it out would have little left to guess. */
const SHORTEST = 64;

/**
 * Digests by which a token is found again that a provider names by its first 16 characters or by its double hash
 * (https://developers.google.com/identity/protocols/risc#token_identifiers). They need no key: a token of 64 characters
 * or more is not to be guessed from its digest, and whoever guessed the 16 characters would lack the rest of it.
 */
export function marksOf(refreshToken: Secret | undefined): RefreshTokenMarks {
  const token = refreshToken?.reveal() ?? '';
  if (token.length < SHORTEST) return { refreshTokenPrefix: null, refreshTokenHash: null };
  const doubleHash = hash('sha512', hash('sha512', token, 'buffer'), 'base64');
  return {
    refreshTokenPrefix: markOfPrefix(token.slice(0, PREFIX_LENGTH)),
    refreshTokenHash: markOfHash(doubleHash),
  };
}

export const markOfPrefix = (prefix: string): string => digest(`refresh-token-prefix:${prefix}`);

/** `doubleHash` is base64, of either alphabet. */
export const markOfHash = (doubleHash: string): string =>
  digest(`refresh-token-hash:${Buffer.from(doubleHash, 'base64').toString('hex')}`);
