import { decodeProtectedHeader } from 'jose';
import type { IDToken } from 'openid-client';
import { systemSeconds } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';

/** What Logto signs with (ES384 by default), and Google (RS256). Never symmetric, never `none`. */
export const SIGNING_ALGORITHMS = ['ES384', 'RS256', 'PS256', 'ES256', 'ES512'] as const;

/** How far an issuer's clock may be from ours. */
export const CLOCK_TOLERANCE_SECONDS = 15;

/** A sign-in ends within its transaction's ten minutes, so a token older than that was not made for it. */
const MAXIMUM_AGE_SECONDS = 10 * 60;
const FUTURE_TOLERANCE_SECONDS = 60;

/**
 * What OpenID Connect Core 3.1.3.7 leaves to the relying party, and openid-client with it: we alone are the audience
 * (3), the token is fresh (10), and it is an ID token and not another kind of JWT (RFC 8725 3.11).
 */
export function assertSignInToken(claims: IDToken, token: string | undefined): void {
  const { aud, iat, sub } = claims;
  const now = systemSeconds();
  if (Array.isArray(aud) && aud.length !== 1) throw refused('has another audience beside us');
  if (iat > now + FUTURE_TOLERANCE_SECONDS) throw refused('was issued in the future');
  if (iat < now - MAXIMUM_AGE_SECONDS - CLOCK_TOLERANCE_SECONDS) throw refused('was issued too long ago');
  if (sub.length === 0 || sub.length > 255) throw refused('has no subject of 1 to 255 characters');
  const { typ } = decodeProtectedHeader(token ?? '');
  if (typ !== undefined && typ.toLowerCase() !== 'jwt') throw refused('is another kind of token');
}

const refused = (fault: string): LatchkeyError =>
  new LatchkeyError(
    'auth.id_token_invalid',
    `The sign-in could not be verified: the provider's ID token ${fault}.`,
  );
