import { LatchkeyError } from '../common/errors.js';
import { Secret } from '../common/secret.js';

/** What a provider grants to us for one person. */
export interface TokenSet {
  readonly accessToken: Secret;
  /** Absent when the provider gave none. */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Granted scopes; absent when the provider did not say (RFC 6749 5.1: then they are the requested ones). */
  readonly scope?: readonly string[];
  /** Seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number;
  /** The same of the refresh token. After it only the person can help. */
  readonly refreshTokenExpiresAt?: number;
}

/** The token endpoint's answer, after a protocol library has checked it (RFC 6749 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly token_type: string;
  readonly scope?: string;
  readonly expires_in?: number;
  /** Not of the standard: Google and GitHub say so where a grant ends by itself. */
  readonly refresh_token_expires_in?: unknown;
}

/**
 * `requestedAt` is the time before the request was sent, so that the lifetime is never overstated. Throws
 * `connector.invalid_response` for a token that is no bearer token.
 */
export function tokenSetOf(response: TokenResponse, requestedAt: number): TokenSet {
  const lastsSeconds = response.refresh_token_expires_in;
  return {
    accessToken: new Secret(response.access_token),
    refreshToken: response.refresh_token ? new Secret(response.refresh_token) : undefined,
    tokenType: bearer(response.token_type),
    scope: response.scope === undefined ? undefined : splitScope(response.scope),
    expiresAt: response.expires_in === undefined ? undefined : requestedAt + lifetimeOf(response.expires_in),
    refreshTokenExpiresAt:
      typeof lastsSeconds === 'number' && lastsSeconds > 0
        ? requestedAt + lifetimeOf(lastsSeconds)
        : undefined,
  };
}

/** A token that wants a proof beside it (DPoP, RFC 9449) is of no use to somebody who has none (RFC 6749 7.1). */
function bearer(type: string): string {
  if (type.toLowerCase() === 'bearer') return 'Bearer';
  throw new LatchkeyError('connector.invalid_response', 'The provider grants tokens of an unknown type.');
}

const LONGEST_LIFETIME_SECONDS = 10 * 365 * 24 * 60 * 60;

/** Whole seconds, between none and ten years. */
const lifetimeOf = (seconds: number): number =>
  Math.min(Math.max(0, Math.floor(seconds)), LONGEST_LIFETIME_SECONDS);

/** A list from its form on the wire (RFC 6749 3.3), without duplicates and without characters that no scope has. */
export const splitScope = (scope: string): string[] => [
  ...new Set(scope.split(/\s+/).filter((name) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name))),
];
