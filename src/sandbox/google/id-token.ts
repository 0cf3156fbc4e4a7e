import { createHash } from 'node:crypto';
import { importJWK, type JWTPayload, SignJWT } from 'jose';
import type { SigningKey } from '../state.js';

interface IdTokenOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** The moment of issue in seconds: by the system's clock, which is what a relying party judges by. */
  readonly issuedAt: number;
  readonly claims: JWTPayload;
  readonly nonce?: string;
  readonly lifetimeSeconds?: number;
}

export async function signIdToken(key: SigningKey, options: IdTokenOptions): Promise<string> {
  const { issuer, clientId, issuedAt, claims, nonce, lifetimeSeconds = 3600 } = options;
  const payload = { iss: issuer, azp: clientId, aud: clientId, ...claims, ...(nonce && { nonce }) };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(await importJWK(key, key.alg));
}

/** https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken */
export const hashOf = (accessToken: string): string =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
