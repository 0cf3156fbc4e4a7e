import { decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import { createHash } from 'node:crypto';
import type { IDToken } from 'openid-client';
import { systemSeconds } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';

/** What Logto signs with (ES384 by default), and Google (RS256). Never symmetric, never `none`. */
export const SIGNING_ALGORITHMS = ['ES384', 'RS256', 'PS256', 'ES256', 'ES512'];

/** How far an issuer's clock may be from ours. */
export const CLOCK_TOLERANCE_SECONDS = 15;

/** A sign-in ends within its transaction's ten minutes, so a token older than that was not made for it. */
const MAXIMUM_AGE_SECONDS = 10 * 60;
const FUTURE_TOLERANCE_SECONDS = 60;

export interface SignInToken {
  readonly claims: IDToken;
  /** The ID token as it came, its signature verified. */
  readonly idToken: string;
  readonly accessToken: string;
}

/**
 * What OpenID Connect Core 3.1.3.6 and 3.1.3.7 leave to the relying party, and openid-client with it: we alone are
 * the audience (3, 5), the token is fresh (10), it belongs to this access token (at_hash), and it is an ID token
 * and not another kind of JWT (RFC 8725 3.11).
 */
export function assertSignInToken({ claims, idToken, accessToken }: SignInToken): void {
  const { alg } = decodeProtectedHeader(idToken);
  assertAudience(claims);
  assertFresh(claims);
  assertSubject(claims);
  if (claims.at_hash !== undefined && claims.at_hash !== hashOf(accessToken, alg))
    throw refused('belongs to another access token');
  assertType(idToken);
}

/**
 * The same for an ID token that came by the browser and not from the token endpoint: it has to carry the nonce that the
 * page was given (OpenID Connect Core 3.1.3.7 (11)), which is what keeps it from being used twice.
 */
export function assertPostedToken(claims: IDToken, idToken: string, nonce: string): void {
  assertAudience(claims);
  assertFresh(claims);
  assertSubject(claims);
  assertType(idToken);
  if (claims.nonce !== nonce) throw refused('was not made for this page');
}

/** OpenID Connect Core 3.1.3.7 (12): where a class of authentication was demanded, the person has passed one of these. */
export function assertAuthenticationClass({ acr }: IDToken, demanded: readonly string[] | undefined): void {
  if (demanded && !(typeof acr === 'string' && demanded.includes(acr)))
    throw refused('speaks of another class of authentication than was demanded');
}

function assertSubject({ sub }: IDToken): void {
  if (!/^[\x20-\x7e]{1,255}$/.test(sub)) throw refused('has no subject of 1 to 255 ASCII characters');
}

function assertType(idToken: string): void {
  const { typ } = decodeProtectedHeader(idToken);
  if (typ !== undefined && typ.toLowerCase() !== 'jwt') throw refused('is another kind of token');
}

function assertAudience({ aud, azp }: IDToken): void {
  const [audience, ...others] = [aud].flat();
  if (others.length > 0) throw refused('has another audience beside us');
  if (azp !== undefined && azp !== audience) throw refused('was made for another party');
}

function assertFresh({ iat }: IDToken): void {
  const now = systemSeconds();
  if (iat > now + FUTURE_TOLERANCE_SECONDS) throw refused('was issued in the future');
  if (iat < now - MAXIMUM_AGE_SECONDS - CLOCK_TOLERANCE_SECONDS) throw refused('was issued too long ago');
}

/** The left half of the access token's hash, by the hash function of the signature's algorithm. */
function hashOf(accessToken: string, algorithm: ProtectedHeaderParameters['alg']): string {
  const hash = createHash(`sha${algorithm?.slice(-3)}`)
    .update(accessToken)
    .digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}

const refused = (fault: string): LatchkeyError =>
  new LatchkeyError(
    'auth.id_token_invalid',
    `The sign-in could not be verified: the provider's ID token ${fault}.`,
  );
