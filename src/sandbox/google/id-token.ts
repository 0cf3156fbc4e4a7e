import { createHash } from 'node:crypto';
import { importJWK, type JWTPayload, SignJWT } from 'jose';
import { systemSeconds } from '../../common/clock.js';
import type { SigningKey } from '../state.js';

interface IdTokenOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly accessToken: string;
  readonly claims: JWTPayload;
  readonly nonce?: string;
}

/** Times are the system's, not the sandbox's: that is what a relying party judges them by. */
export async function signIdToken(key: SigningKey, options: IdTokenOptions): Promise<string> {
  const { issuer, clientId, accessToken, claims, nonce } = options;
  const issuedAt = systemSeconds();
  const payload = {
    iss: issuer,
    azp: clientId,
    aud: clientId,
    ...claims,
    at_hash: hashOf(accessToken),
    ...(nonce && { nonce }),
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + 3600)
    .sign(await importJWK(key, key.alg));
}

/** https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken */
const hashOf = (accessToken: string): string =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
