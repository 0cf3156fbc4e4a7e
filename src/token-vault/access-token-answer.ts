import type { TokenSet } from '../connectors/token-set.js';

/** Logto's form of the answer. `expires_in` is in seconds; what the provider did not say is absent. */
export interface AccessTokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string;
  readonly expires_in?: number;
}

/** The access token in clear, for its owner; never the refresh token. `now` is in seconds since the epoch. */
export const accessTokenAnswer = (
  { accessToken, tokenType, scope, expiresAt }: TokenSet,
  now: number,
): AccessTokenAnswer => ({
  access_token: accessToken.reveal(),
  token_type: tokenType,
  scope: scope?.join(' '),
  expires_in: expiresAt === undefined ? undefined : Math.max(0, expiresAt - now),
});
