import { jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import * as oidc from 'openid-client';
import type { Outgoing } from '../common/http-client.js';
import { isLatchkeyError, LatchkeyError } from '../common/errors.js';
import { attempt } from './attempt.js';
import { spendMadeUpCode } from './made-up-code.js';
import { assertGranted, assertIssuer } from './authorization-response.js';
import type { AuthorizationCallback, AuthorizationRequest } from './connector.js';
import {
  assertAuthenticationClass,
  assertPostedToken,
  assertSignInToken,
  CLOCK_TOLERANCE_SECONDS,
  SIGNING_ALGORITHMS,
} from './id-token.js';
import { discoverIssuer, type Issuer, type IssuerSettings } from './issuer.js';

export interface SignInTokens {
  readonly tokens: oidc.TokenEndpointResponse;
  readonly claims: oidc.IDToken;
  /** As it came; its signature and claims are verified. */
  readonly idToken: string;
}

/** What a refresh brought, and the claims of a new ID token if one came: its signature is not verified. */
export type RefreshedTokens = Awaited<ReturnType<typeof oidc.refreshTokenGrant>>;

/** Parameters of the authorization request; a list stands for several of one name, such as `resource`. */
export type AuthorizationParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * One client at one OpenID Connect issuer, with every check on: PKCE S256, state, nonce, `iss` of the callback
 * (RFC 9207), ID-token signature even in the code flow, one audience, a fresh `iat`. The issuer's metadata is found
 * on first use and then kept; after a failure it is looked for again, so an issuer that is down at start is not fatal.
 */
export class RelyingParty {
  private discovery?: Promise<Issuer>;
  private known?: Issuer;

  /** Origins that the browser is sent to: the issuer's, and those of its pages once they are known. */
  readonly origins: Set<string>;

  constructor(
    private readonly settings: IssuerSettings,
    private readonly http: Outgoing,
  ) {
    this.origins = new Set([new URL(settings.issuer).origin]);
  }

  async authorizationUrl(
    request: AuthorizationRequest,
    scope: readonly string[],
    parameters: AuthorizationParameters = {},
  ): Promise<URL> {
    const { configuration } = await this.issuer();
    const { maxAgeSeconds, acrValues } = this.settings;
    const query = queryOf({
      ...parameters,
      ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
      ...(acrValues && { acr_values: acrValues.join(' ') }),
      response_type: 'code',
      redirect_uri: request.redirectUri,
      scope: scope.join(' '),
      state: request.state,
      nonce: request.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(request.codeVerifier),
      code_challenge_method: 'S256',
    });
    return attempt('discovery', async () => oidc.buildAuthorizationUrl(configuration, query));
  }

  /** Spends the code of a callback, once. The claims are of a verified ID token. */
  async redeem({
    parameters,
    redirectUri,
    state,
    nonce,
    codeVerifier,
  }: AuthorizationCallback): Promise<SignInTokens> {
    const { configuration, metadata } = await this.issuer();
    assertIssuer(parameters, metadata);
    assertGranted(parameters);
    const callback = new URL(redirectUri);
    callback.search = parameters.toString();
    const checks = {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
      maxAge: this.settings.maxAgeSeconds,
    };
    const tokens = await attempt('code', () => oidc.authorizationCodeGrant(configuration, callback, checks));
    const [claims, idToken] = [tokens.claims(), tokens.id_token];
    if (!claims || !idToken)
      throw new LatchkeyError('connector.invalid_response', 'The provider sent no ID token.');
    await this.assertSigned(idToken);
    assertSignInToken({ claims, idToken, accessToken: tokens.access_token });
    assertAuthenticationClass(claims, this.settings.acrValues);
    return { tokens, claims, idToken };
  }

  /** Claims of the UserInfo endpoint, of this subject and no other (OpenID Connect Core 5.3.2). */
  async userInfo(accessToken: string, subject: string): Promise<oidc.UserInfoResponse> {
    const { configuration } = await this.issuer();
    return attempt('userinfo', () => oidc.fetchUserInfo(configuration, accessToken, subject));
  }

  /** `parameters` are further ones of the token request, such as `resource` (RFC 8707). */
  async refresh(
    refreshToken: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<RefreshedTokens> {
    const { configuration } = await this.issuer();
    return attempt('refresh', () => oidc.refreshTokenGrant(configuration, refreshToken, { ...parameters }));
  }

  /** Rejects unless the ID token carries the issuer's signature; its claims are judged by who received it. */
  async assertSigned(idToken: string): Promise<void> {
    const { keys } = await this.issuer();
    const options = { algorithms: SIGNING_ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS };
    await attempt('keys', () => jwtVerify(idToken, keys, options));
  }

  /**
   * Verifies a JWT that anybody may have handed us: signed by this issuer, in time, and as `options` demand. Rejects
   * with what `refusal` makes of the reason, or with `connector.*` where the issuer's keys cannot be had.
   */
  async verify(
    token: string,
    options: JWTVerifyOptions,
    refusal: (cause: unknown) => LatchkeyError,
  ): Promise<JWTVerifyResult> {
    const { metadata, publicKeys } = await this.issuer();
    try {
      return await jwtVerify(token, publicKeys.find, {
        issuer: metadata.issuer,
        ...options,
        algorithms: SIGNING_ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
    } catch (cause) {
      if (isLatchkeyError(cause)) throw cause;
      throw refusal(cause);
    }
  }

  /**
   * The claims of an ID token that came by the browser: signed by this issuer for us, fresh, with the nonce of the page.
   * `otherNames` are further spellings of the issuer. Rejects with `auth.id_token_invalid`.
   */
  async verifyPosted(
    idToken: string,
    nonce: string,
    otherNames: readonly string[] = [],
  ): Promise<oidc.IDToken> {
    const { metadata } = await this.issuer();
    const { clientId: audience } = this.settings;
    const options = {
      audience,
      issuer: [metadata.issuer, ...otherNames],
      requiredClaims: ['sub', 'iat', 'exp', 'aud'],
    };
    const { payload } = await this.verify(idToken, options, notVerified);
    const claims = payload as oidc.IDToken;
    assertPostedToken(claims, idToken, nonce);
    return { ...claims, iss: metadata.issuer };
  }

  /** Another one whenever the issuer's keys have changed; empty while they have not been read. */
  get keyEdition(): string {
    return this.known?.publicKeys.edition ?? '';
  }

  /** Resolves when the issuer can be found and has nothing against our client. */
  async verifyCredentials(): Promise<void> {
    const { metadata } = await this.issuer();
    await spendMadeUpCode((callback) => this.redeem(callback), metadata.issuer);
  }

  /** RFC 7009. `unsupported` by an issuer without a revocation endpoint. */
  async revoke(token: string): Promise<void | 'unsupported'> {
    const { configuration, metadata } = await this.issuer();
    if (!metadata.revocation_endpoint) return 'unsupported';
    await attempt('revoke', () => oidc.tokenRevocation(configuration, token));
  }

  /** OpenID Connect RP-Initiated Logout 1.0; `undefined` where the issuer offers none. */
  async endSessionUrl(parameters: Readonly<Record<string, string>>): Promise<URL | undefined> {
    const { configuration, metadata } = await this.issuer();
    if (!metadata.end_session_endpoint) return undefined;
    return attempt('discovery', async () => oidc.buildEndSessionUrl(configuration, { ...parameters }));
  }

  private issuer(): Promise<Issuer> {
    this.discovery ??= this.discover().catch((error: unknown) => {
      this.discovery = undefined;
      throw error;
    });
    return this.discovery;
  }

  private async discover(): Promise<Issuer> {
    const issuer = await attempt('discovery', () => discoverIssuer(this.settings, this.http));
    const { authorization_endpoint, end_session_endpoint } = issuer.metadata;
    for (const url of [authorization_endpoint, end_session_endpoint]) {
      if (url && URL.canParse(url)) this.origins.add(new URL(url).origin);
    }
    this.known = issuer;
    return issuer;
  }
}

const queryOf = (parameters: AuthorizationParameters): URLSearchParams =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value = []]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
  );

const notVerified = (cause: unknown): LatchkeyError =>
  new LatchkeyError('auth.id_token_invalid', 'The sign-in could not be verified.', { cause });
