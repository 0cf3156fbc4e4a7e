import * as oidc from 'openid-client';
import type { Outgoing } from '../common/http-client.js';
import { attempt } from './attempt.js';
import { spendMadeUpCode } from './made-up-code.js';
import { assertGranted, assertIssuer } from './authorization-response.js';
import type { AuthorizationCallback, AuthorizationRequest } from './connector.js';
import { jsonOf } from './json.js';
import { readable, type TokenAnswer } from './token-answer.js';
import type { TokenResponse } from './token-set.js';

/** How a client proves itself at the token endpoint: `Authorization: Basic` or form fields (RFC 6749 2.3.1). */
export type ClientAuthentication = 'basic' | 'post';

export interface OAuthClientSettings {
  /** Names the authorization server; a callback's `iss` has to be the same. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authentication: ClientAuthentication;
  /** Whether the provider takes PKCE (RFC 7636). */
  readonly pkce: boolean;
  /** Between the scopes of a request: a space by the standard. */
  readonly scopeDelimiter: string;
  readonly outgoing: Outgoing;
  /** Puts an answer of the token endpoint into the form of RFC 6749 5, where the provider has a form of its own. */
  readonly repair: (answer: TokenAnswer) => TokenAnswer;
}

/** One client at an OAuth 2.0 authorization server whose endpoints are known. Nothing is ever sent twice. */
export class OAuthClient {
  private readonly configuration: oidc.Configuration;

  constructor(private readonly settings: OAuthClientSettings) {
    this.configuration = configurationOf(settings);
  }

  async authorizationUrl(
    request: AuthorizationRequest,
    scope: readonly string[],
    parameters: Readonly<Record<string, string>>,
  ): Promise<URL> {
    const { pkce, scopeDelimiter } = this.settings;
    return oidc.buildAuthorizationUrl(this.configuration, {
      ...parameters,
      response_type: 'code',
      redirect_uri: request.redirectUri,
      state: request.state,
      ...(scope.length > 0 && { scope: scope.join(scopeDelimiter) }),
      ...(pkce && {
        code_challenge: await oidc.calculatePKCECodeChallenge(request.codeVerifier),
        code_challenge_method: 'S256',
      }),
    });
  }

  /** Spends the code of a callback, once. */
  async redeem({
    parameters,
    redirectUri,
    state,
    codeVerifier,
  }: AuthorizationCallback): Promise<TokenResponse> {
    assertIssuer(parameters, this.configuration.serverMetadata());
    assertGranted(parameters);
    const callback = new URL(redirectUri);
    callback.search = parameters.toString();
    const pkceCodeVerifier = this.settings.pkce ? codeVerifier : undefined;
    const checks = { expectedState: state, pkceCodeVerifier };
    return attempt('code', () => oidc.authorizationCodeGrant(this.configuration, callback, checks));
  }

  refresh(refreshToken: string): Promise<TokenResponse> {
    return attempt('refresh', () => oidc.refreshTokenGrant(this.configuration, refreshToken));
  }

  /** Another grant than those of the standard. */
  grant(type: string, parameters: Readonly<Record<string, string>>): Promise<TokenResponse> {
    return attempt('refresh', () => oidc.genericGrantRequest(this.configuration, type, { ...parameters }));
  }

  /** RFC 7009. */
  revoke(token: string): Promise<void> {
    return attempt('revoke', () => oidc.tokenRevocation(this.configuration, token));
  }

  /** Asks an API of the provider on behalf of the person. The answer may be any. */
  async resource(
    accessToken: string,
    url: URL,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ResourceAnswer> {
    const sent = new Headers({ accept: 'application/json', ...headers });
    const response = await attempt('userinfo', () =>
      oidc.fetchProtectedResource(this.configuration, accessToken, url, 'GET', undefined, sent),
    );
    return { status: response.status, headers: response.headers, body: jsonOf(await response.text()) };
  }

  /** Resolves when the provider has nothing against our client. */
  verifyCredentials(): Promise<void> {
    return spendMadeUpCode((callback) => this.redeem(callback));
  }
}

/** An answer of a provider's API; a body that is no JSON is `undefined`. */
export interface ResourceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

function configurationOf(settings: OAuthClientSettings): oidc.Configuration {
  const { clientId, clientSecret, tokenEndpoint, outgoing, repair } = settings;
  const metadata = {
    issuer: settings.issuer,
    authorization_endpoint: settings.authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    revocation_endpoint: settings.revocationEndpoint,
  };
  const authentication =
    settings.authentication === 'basic'
      ? oidc.ClientSecretBasic(clientSecret)
      : oidc.ClientSecretPost(clientSecret);
  const configuration = new oidc.Configuration(metadata, clientId, {}, authentication);
  configuration[oidc.customFetch] = async (url, init) => {
    const answer = await outgoing.fetch(url, init);
    return url === tokenEndpoint ? readable(answer, repair) : answer;
  };
  if ([settings.authorizationEndpoint, tokenEndpoint].some((url) => url.startsWith('http:')))
    oidc.allowInsecureRequests(configuration);
  return configuration;
}
