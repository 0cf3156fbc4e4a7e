import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SandboxClient } from '../clients.js';
import { personaById } from '../personas.js';
import { googleClaims } from './claims.js';
import type { GoogleDialect } from './google.dialect.js';
import { goneGrant, GoogleError, invalidGrant } from './google.error.js';
import { hashOf, signIdToken } from './id-token.js';
import { ACCESS_TOKEN_SECONDS, type Code, TESTING_REFRESH_TOKEN_SECONDS, type Token } from './ledger.js';
import { hasScope, isSignInScope } from './scopes.js';

type Form = Readonly<Record<string, string>>;

/** Absent members do not appear in the answer. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly refresh_token_expires_in?: number;
  readonly scope: string;
  readonly token_type: 'Bearer';
  readonly id_token?: string;
}

export function grantTokens(google: GoogleDialect, client: SandboxClient, form: Form): Promise<TokenAnswer> {
  const grantType = form['grant_type'];
  if (grantType === 'authorization_code') return redeemCode(google, client, form);
  if (grantType === 'refresh_token') return refresh(google, client, form);
  throw new GoogleError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType ?? ''}`);
}

const redemptionSchema = z.object({
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string().optional(),
});

async function redeemCode(google: GoogleDialect, client: SandboxClient, form: Form): Promise<TokenAnswer> {
  const { code: value, redirect_uri: redirectUri, code_verifier: verifier } = parse(redemptionSchema, form);
  const code = google.ledger.findCode(value);
  if (code === undefined || code.clientId !== client.clientId) throw invalidGrant('Malformed auth code.');
  if (code.redirectUri !== redirectUri) throw new GoogleError(400, 'redirect_uri_mismatch', 'Bad Request');
  checkVerifier(code, verifier);
  if (!google.ledger.spendCode(value)) throw invalidGrant('Malformed auth code.');
  const lifetimeSeconds = refreshTokenSeconds(client, code);
  const refreshToken = code.withRefreshToken
    ? google.ledger.issueRefreshToken(code, lifetimeSeconds)
    : undefined;
  return answer(google, code, { refreshToken, lifetimeSeconds, nonce: code.nonce });
}

/**
 * A client whose publishing status is "Testing" loses its refresh tokens after a week, unless it only signs in:
 * https://developers.google.com/identity/protocols/oauth2#expiration
 */
const refreshTokenSeconds = (
  { isInTesting = false }: SandboxClient,
  { scopes }: Token,
): number | undefined =>
  isInTesting && !scopes.every(isSignInScope) ? TESTING_REFRESH_TOKEN_SECONDS : undefined;

/** Google does not rotate: the same refresh token goes on working, and is not repeated in the answer. */
async function refresh(google: GoogleDialect, client: SandboxClient, form: Form): Promise<TokenAnswer> {
  const { refresh_token: value } = parse(z.object({ refresh_token: z.string() }), form);
  const token = google.ledger.findRefreshToken(value);
  if (token === undefined || token.clientId !== client.clientId) throw goneGrant();
  return answer(google, token, {});
}

async function answer(
  google: GoogleDialect,
  token: Token,
  extra: { readonly refreshToken?: string; readonly lifetimeSeconds?: number; readonly nonce?: string },
): Promise<TokenAnswer> {
  const accessToken = google.ledger.issueAccessToken(token);
  return {
    access_token: accessToken,
    expires_in: ACCESS_TOKEN_SECONDS,
    ...(extra.refreshToken !== undefined && {
      refresh_token: extra.refreshToken,
      ...(extra.lifetimeSeconds !== undefined && { refresh_token_expires_in: extra.lifetimeSeconds }),
    }),
    scope: token.scopes.join(' '),
    token_type: 'Bearer',
    ...(hasScope(token.scopes, 'openid') && {
      id_token: await idToken(google, token, accessToken, extra.nonce),
    }),
  };
}

function idToken(google: GoogleDialect, token: Token, accessToken: string, nonce?: string): Promise<string> {
  const persona = personaById(token.personaId);
  if (persona === undefined) throw goneGrant();
  const { issuer, key, clock } = google;
  return signIdToken(key, {
    issuer,
    clientId: token.clientId,
    issuedAt: clock.systemNow(),
    claims: { ...googleClaims(persona, token.scopes), at_hash: hashOf(accessToken) },
    nonce,
  });
}

function checkVerifier({ codeChallenge }: Code, verifier: string | undefined): void {
  if (codeChallenge === undefined) return;
  if (verifier === undefined) throw invalidGrant('Missing code verifier.');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== codeChallenge) throw invalidGrant('Invalid code verifier.');
}

function parse<Output>(schema: z.ZodType<Output>, form: Form): Output {
  const parsed = schema.safeParse(form);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new GoogleError(400, 'invalid_request', `Missing required parameter: ${missing}`);
}
