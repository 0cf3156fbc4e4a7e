import * as oidc from 'openid-client';
import type { HttpClient } from '../common/http-client.js';
import { LatchkeyError } from '../common/errors.js';
import { assertGranted, assertIssuer } from './authorization-response.js';
import type { AuthorizationCallback, AuthorizationRequest } from './connector.js';
import { assertSignInToken, CLOCK_TOLERANCE_SECONDS, SIGNING_ALGORITHMS } from './id-token.js';
import { upstreamError, type Step } from './upstream-error.js';

export interface RelyingPartySettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How the client proves itself at the token endpoint: `Authorization: Basic` or form fields (RFC 6749 2.3.1). */
  readonly authentication: 'basic' | 'post';
}

export interface SignInTokens {
  readonly tokens: oidc.TokenEndpointResponse;
  readonly claims: oidc.IDToken;
}

/**
 * One client at one OpenID Connect issuer, with every check on: PKCE S256, state, nonce, `iss` of the callback
 * (RFC 9207), ID-token signature even in the code flow, one audience, a fresh `iat`. The issuer's metadata is found
 * on first use and again after a failure, so an issuer that is down at start is not fatal.
 */
export class RelyingParty {
  private discovery?: Promise<oidc.Configuration>;

  /** Origins that the browser is sent to: the issuer's, and those of its pages once they are known. */
  readonly origins: Set<string>;

  constructor(
    private readonly settings: RelyingPartySettings,
    private readonly http: HttpClient,
  ) {
    this.origins = new Set([new URL(settings.issuer).origin]);
  }

  async authorizationUrl(
    request: AuthorizationRequest,
    scope: readonly string[],
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<URL> {
    const configuration = await this.configuration();
    return oidc.buildAuthorizationUrl(configuration, {
      ...parameters,
      response_type: 'code',
      redirect_uri: request.redirectUri,
      scope: scope.join(' '),
      state: request.state,
      nonce: request.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(request.codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  /** Spends the code of a callback, once. The claims are of a verified ID token. */
  async redeem({
    parameters,
    redirectUri,
    state,
    nonce,
    codeVerifier,
  }: AuthorizationCallback): Promise<SignInTokens> {
    const configuration = await this.configuration();
    assertIssuer(parameters, configuration.serverMetadata());
    assertGranted(parameters);
    const callback = new URL(redirectUri);
    callback.search = parameters.toString();
    const tokens = await this.attempt('code', () =>
      oidc.authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      }),
    );
    const claims = tokens.claims();
    if (!claims) throw new LatchkeyError('connector.invalid_response', 'The provider sent no ID token.');
    assertSignInToken(claims, tokens.id_token);
    return { tokens, claims };
  }

  /** Claims of the UserInfo endpoint, of this subject and no other (OpenID Connect Core 5.3.2). */
  async userInfo(accessToken: string, subject: string): Promise<oidc.UserInfoResponse> {
    const configuration = await this.configuration();
    return this.attempt('userinfo', () => oidc.fetchUserInfo(configuration, accessToken, subject));
  }

  async refresh(refreshToken: string): Promise<oidc.TokenEndpointResponse> {
    const configuration = await this.configuration();
    return this.attempt('refresh', () => oidc.refreshTokenGrant(configuration, refreshToken));
  }

  /** RFC 7009. An issuer without a revocation endpoint has nothing to revoke. */
  async revoke(token: string): Promise<void> {
    const configuration = await this.configuration();
    if (!configuration.serverMetadata().revocation_endpoint) return;
    await this.attempt('revoke', () => oidc.tokenRevocation(configuration, token));
  }

  /** OpenID Connect RP-Initiated Logout 1.0; `undefined` where the issuer offers none. */
  async endSessionUrl(parameters: Readonly<Record<string, string>>): Promise<URL | undefined> {
    const configuration = await this.configuration();
    if (!configuration.serverMetadata().end_session_endpoint) return undefined;
    return oidc.buildEndSessionUrl(configuration, { ...parameters });
  }

  private configuration(): Promise<oidc.Configuration> {
    this.discovery ??= this.discover().catch((error: unknown) => {
      this.discovery = undefined;
      throw error;
    });
    return this.discovery;
  }

  private async discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, authentication } = this.settings;
    const url = new URL(issuer);
    const insecure = url.protocol === 'http:';
    const found = await this.attempt('discovery', () =>
      oidc.discovery(url, clientId, undefined, undefined, {
        [oidc.customFetch]: this.http.fetch,
        execute: insecure ? [oidc.allowInsecureRequests] : [],
      }),
    );
    const metadata = found.serverMetadata();
    const configuration = new oidc.Configuration(
      { ...plain(metadata), id_token_signing_alg_values_supported: [...SIGNING_ALGORITHMS] },
      clientId,
      { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      authentication === 'basic' ? oidc.ClientSecretBasic(clientSecret) : oidc.ClientSecretPost(clientSecret),
    );
    configuration[oidc.customFetch] = this.http.fetch;
    oidc.enableNonRepudiationChecks(configuration);
    if (insecure) oidc.allowInsecureRequests(configuration);
    this.rememberOrigins(metadata);
    return configuration;
  }

  private rememberOrigins({ authorization_endpoint, end_session_endpoint }: oidc.ServerMetadata): void {
    for (const url of [authorization_endpoint, end_session_endpoint]) {
      if (url && URL.canParse(url)) this.origins.add(new URL(url).origin);
    }
  }

  private async attempt<Result>(step: Step, action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      throw upstreamError(step, error);
    }
  }
}

/** Metadata without the method that the library hangs onto it. */
const plain = (metadata: oidc.ServerMetadata): oidc.ServerMetadata =>
  JSON.parse(JSON.stringify(metadata)) as oidc.ServerMetadata;
