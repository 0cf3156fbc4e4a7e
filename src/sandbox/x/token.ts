import { createHash } from 'node:crypto';
import { z } from 'zod';
import { basicCredentials } from '../basic-credentials.js';
import type { SandboxClient } from '../clients.js';
import { ACCESS_TOKEN_SECONDS, type Code } from './ledger.js';
import type { XDialect } from './x.dialect.js';
import { invalidValue, XError } from './x.error.js';

type Form = Readonly<Record<string, string>>;

export interface TokenAnswer {
  readonly token_type: 'bearer';
  readonly expires_in: number;
  readonly access_token: string;
  readonly scope: string;
  readonly refresh_token?: string;
}

export function grantTokens(x: XDialect, client: SandboxClient, form: Form): TokenAnswer {
  const { grant_type: grantType } = parse(z.object({ grant_type: z.string() }), form);
  if (grantType === 'authorization_code') return redeemCode(x, client, form);
  if (grantType === 'refresh_token') return refresh(x, client, form);
  throw invalidValue('grant type');
}

/** A confidential client, as all are here, authenticates by HTTP Basic and in no other way. */
export function authenticatedClient(
  clients: readonly SandboxClient[],
  authorization: string | undefined,
): SandboxClient {
  const { id, secret } = basicCredentials(authorization) ?? {};
  const client = clients.find(({ clientId, clientSecret }) => clientId === id && clientSecret === secret);
  if (client === undefined)
    throw new XError(401, 'unauthorized_client', 'Missing valid authorization header');
  return client;
}

const redemptionSchema = z.object({
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string(),
});

function redeemCode({ ledger }: XDialect, client: SandboxClient, form: Form): TokenAnswer {
  const redemption = parse(redemptionSchema, form);
  const code = ledger.findCode(redemption.code);
  if (code === undefined || code.clientId !== client.clientId) throw invalidValue('authorization code');
  if (code.redirectUri !== redemption.redirect_uri) {
    const description = 'Value passed for the redirect uri did not match the uri of the authorization code.';
    throw new XError(400, 'invalid_request', description);
  }
  checkVerifier(code, redemption.code_verifier);
  if (!ledger.spendCode(redemption.code)) throw invalidValue('authorization code');
  return answer(ledger.issueTokens(code), code.scopes);
}

function refresh({ ledger }: XDialect, client: SandboxClient, form: Form): TokenAnswer {
  const { refresh_token: value } = parse(z.object({ refresh_token: z.string() }), form);
  const spent = ledger.spendRefreshToken(value, client.clientId);
  if (spent === undefined) throw invalidValue('token');
  return answer(ledger.issueTokens(spent, spent.family), spent.scopes);
}

const answer = (
  { accessToken, refreshToken }: { readonly accessToken: string; readonly refreshToken?: string },
  scopes: readonly string[],
): TokenAnswer => ({
  token_type: 'bearer',
  expires_in: ACCESS_TOKEN_SECONDS,
  access_token: accessToken,
  scope: scopes.join(' '),
  ...(refreshToken !== undefined && { refresh_token: refreshToken }),
});

function checkVerifier({ codeChallenge, codeChallengeMethod }: Code, verifier: string): void {
  const challenge =
    codeChallengeMethod === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  if (challenge === codeChallenge) return;
  const description = 'Value passed for the code verifier did not match the code challenge.';
  throw new XError(400, 'invalid_request', description);
}

export function parse<Output>(schema: z.ZodType<Output>, form: Form): Output {
  const parsed = schema.safeParse(form);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new XError(400, 'invalid_request', `Missing required parameter [${missing}].`);
}
