import { createHash } from 'node:crypto';
import { basicCredentials } from '../basic-credentials.js';
import type { SandboxClient } from '../clients.js';
import type { GitHubDialect } from './github.dialect.js';
import { GitHubError } from './github.error.js';
import { ACCESS_TOKEN_SECONDS, type Code, REFRESH_TOKEN_SECONDS } from './ledger.js';
import type { Holder } from '../ledger.js';

type Form = Readonly<Record<string, string>>;
export type TokenAnswer = Readonly<Record<string, string | number>>;

/** The code grant needs no `grant_type`: GitHub's documentation does not know one there. */
export function grantTokens(github: GitHubDialect, client: SandboxClient, form: Form): TokenAnswer {
  const grantType = form['grant_type'] ?? 'authorization_code';
  if (grantType === 'authorization_code') return redeemCode(github, client, form);
  if (grantType === 'refresh_token') return refresh(github, client, form);
  throw new GitHubError('unsupported_grant_type');
}

/** By `client_id` and `client_secret` in the form, or by HTTP Basic. */
export function authenticatedClient(
  clients: readonly SandboxClient[],
  authorization: string | undefined,
  form: Form,
): SandboxClient {
  const { id, secret } = basicCredentials(authorization) ?? {
    id: form['client_id'],
    secret: form['client_secret'],
  };
  const client = clients.find(({ clientId, clientSecret }) => clientId === id && clientSecret === secret);
  if (client === undefined) throw new GitHubError('incorrect_client_credentials');
  return client;
}

function redeemCode({ ledger }: GitHubDialect, client: SandboxClient, form: Form): TokenAnswer {
  const value = form['code'] ?? '';
  const code = ledger.findCode(value);
  if (code === undefined || code.clientId !== client.clientId) throw new GitHubError('bad_verification_code');
  checkRedirectUri(code, form['redirect_uri']);
  checkVerifier(code, form['code_verifier']);
  if (!ledger.spendCode(value)) throw new GitHubError('bad_verification_code');
  if (client.githubApp !== undefined) return pairAnswer(ledger, code);
  const token = ledger.issueLastingToken(code);
  return { access_token: token, scope: code.scopes.join(','), token_type: 'bearer' };
}

/** Old refresh token and old access token die at once, so of two who refresh, one is left with nothing. */
function refresh({ ledger }: GitHubDialect, client: SandboxClient, form: Form): TokenAnswer {
  const holder = ledger.spendRefreshToken(form['refresh_token'] ?? '', client.clientId);
  if (holder === undefined) throw new GitHubError('bad_refresh_token');
  return pairAnswer(ledger, holder);
}

function pairAnswer(ledger: GitHubDialect['ledger'], holder: Holder): TokenAnswer {
  const { accessToken, refreshToken } = ledger.issuePair(holder);
  return {
    access_token: accessToken,
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
    refresh_token_expires_in: REFRESH_TOKEN_SECONDS,
    scope: '',
    token_type: 'bearer',
  };
}

function checkRedirectUri(code: Code, redirectUri = code.redirectUri): void {
  if (redirectUri !== code.redirectUri) throw new GitHubError('redirect_uri_mismatch');
}

/** PKCE is voluntary: https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication/ */
function checkVerifier({ codeChallenge }: Code, verifier = ''): void {
  if (codeChallenge === undefined) return;
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== codeChallenge) throw new GitHubError('bad_verification_code');
}
