import { createHash } from 'node:crypto';
import type { SandboxClient } from '../clients.js';
import { appTokenOf } from './app-token.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { FacebookError, invalidCode, malformed } from './facebook.error.js';
import { type Code, LONG_TOKEN_SECONDS, SHORT_TOKEN_SECONDS } from './ledger.js';
import { liveToken } from './token-validity.js';

type Parameters = Readonly<Record<string, string>>;

/** Facebook tells no scope here: that is what `/me/permissions` is for. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'bearer';
  readonly expires_in?: number;
}

export function grantTokens(facebook: FacebookDialect, parameters: Parameters): TokenAnswer {
  const client = authenticatedClient(facebook, parameters);
  const { grant_type: grantType = 'authorization_code' } = parameters;
  if (grantType === 'authorization_code') return redeemCode(facebook, client, parameters);
  if (grantType === 'fb_exchange_token') return exchangeToken(facebook, client, parameters);
  if (grantType === 'client_credentials') return { access_token: appTokenOf(client), token_type: 'bearer' };
  throw malformed(`Invalid grant_type: '${grantType}'`);
}

/** By parameters alone, and a wrong secret has the number of an outage. */
function authenticatedClient({ clients }: FacebookDialect, parameters: Parameters): SandboxClient {
  const { client_id: id, client_secret: secret } = parameters;
  if (id === undefined) throw new FacebookError({ code: 101, message: 'Missing client_id parameter.' });
  const client = clients.find(({ clientId }) => clientId === id);
  if (client === undefined) {
    throw new FacebookError({ code: 101, message: 'Error validating application. Invalid application ID.' });
  }
  if (client.clientSecret !== secret) {
    throw new FacebookError({ code: 1, message: 'Error validating client secret.' });
  }
  return client;
}

function redeemCode(facebook: FacebookDialect, client: SandboxClient, parameters: Parameters): TokenAnswer {
  const { code: value = '', redirect_uri: redirectUri, code_verifier: verifier } = parameters;
  if (redirectUri === undefined)
    throw new FacebookError({ code: 191, message: 'Missing redirect_uri parameter.' });
  const code = redeemableCode(facebook, client, value);
  if (code.redirectUri !== redirectUri) {
    const message = 'Error validating verification code. Please make sure your redirect_uri is identical';
    throw invalidCode(`${message} to the one you used in the OAuth dialog request`, 36008);
  }
  checkVerifier(code, verifier);
  facebook.ledger.spendCode(value, code);
  return userToken(facebook.ledger.issueToken(code, SHORT_TOKEN_SECONDS), SHORT_TOKEN_SECONDS);
}

function redeemableCode({ ledger }: FacebookDialect, client: SandboxClient, value: string): Code {
  const code = ledger.findCode(value);
  if (code?.clientId !== client.clientId) throw invalidCode('Invalid verification code format.');
  if (code.used) throw invalidCode('This authorization code has been used.', 36009);
  if (code.expiresAt > ledger.clock.now()) return code;
  throw invalidCode('This authorization code has expired.', 36007);
}

/** A long-lived one is renewed in the same way, as long as it lives: there is no refresh token. */
function exchangeToken(
  facebook: FacebookDialect,
  client: SandboxClient,
  parameters: Parameters,
): TokenAnswer {
  const { fb_exchange_token: value } = parameters;
  if (value === undefined) throw malformed('fb_exchange_token parameter not specified');
  const token = liveToken(facebook, value);
  if (token.clientId !== client.clientId)
    throw malformed(`The access token does not belong to application ${client.clientId}`);
  return userToken(facebook.ledger.issueToken(token, LONG_TOKEN_SECONDS), LONG_TOKEN_SECONDS);
}

const userToken = (token: string, lifetimeSeconds: number): TokenAnswer => ({
  access_token: token,
  token_type: 'bearer',
  expires_in: lifetimeSeconds,
});

function checkVerifier({ codeChallenge }: Code, verifier: string | undefined): void {
  if (codeChallenge === undefined) return;
  if (verifier === undefined) throw invalidCode('Missing code_verifier parameter.');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  if (challenge !== codeChallenge) throw invalidCode('Invalid code_verifier parameter.');
}
