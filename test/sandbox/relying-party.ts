import * as client from 'openid-client';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { Browser, type Visit } from './browser.js';

export const applicationUrl = 'http://localhost:3999';
const logtoCallback = `${applicationUrl}/auth/callback`;
const googleCallback = `${applicationUrl}/callback/google`;

/** What one authorization needs between redirect and callback. */
export interface Authorization {
  readonly browser: Browser;
  readonly checks: client.AuthorizationCodeGrantChecks & { readonly pkceCodeVerifier: string };
  readonly url: URL;
}

type Parameters = Readonly<Record<string, string>>;

/** openid-client, an implementation independent of the sandbox, registered at one of its providers. */
export class RelyingParty {
  private constructor(
    readonly configuration: client.Configuration,
    private readonly origin: string,
    private readonly defaults: Parameters,
  ) {}

  static async ofLogto(sandbox: Sandbox, authentication = client.ClientSecretBasic): Promise<RelyingParty> {
    const { endpoint, appId, appSecret } = sandbox.logto;
    const metadata = { client_secret: appSecret, id_token_signed_response_alg: 'ES384' };
    const configuration = await discover(`${endpoint}/oidc`, appId, metadata, authentication(appSecret));
    const scope = 'openid profile email offline_access';
    return new RelyingParty(configuration, endpoint, {
      redirect_uri: logtoCallback,
      scope,
      prompt: 'consent',
    });
  }

  static async ofGoogle(sandbox: Sandbox, authentication = client.ClientSecretPost): Promise<RelyingParty> {
    const { issuer, clientId, clientSecret } = sandbox.google;
    const metadata = { client_secret: clientSecret, id_token_signed_response_alg: 'RS256' };
    const configuration = await discover(issuer, clientId, metadata, authentication(clientSecret));
    return new RelyingParty(configuration, sandbox.url, {
      redirect_uri: googleCallback,
      scope: 'openid profile email',
    });
  }

  async begin(parameters: Parameters = {}, browser = new Browser(this.origin)): Promise<Authorization> {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = {
      pkceCodeVerifier,
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
    };
    const url = client.buildAuthorizationUrl(this.configuration, {
      ...this.defaults,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    });
    return { browser, checks, url };
  }

  /** Goes through the pages as this persona, allowing what is asked, up to the callback. */
  async authorize({ browser, url }: Authorization, persona: string): Promise<URL> {
    let visit: Visit = await browser.get(url.href);
    if (visit.body.includes('name="persona"')) visit = await browser.press(visit, 'persona', persona);
    if (visit.body.includes('name="allow"')) visit = await browser.press(visit, 'allow');
    return new URL(visit.url);
  }

  redeem(callback: URL, checks: client.AuthorizationCodeGrantChecks, parameters: Parameters = {}) {
    return client.authorizationCodeGrant(this.configuration, callback, checks, parameters);
  }

  /** Asks for these scopes at these resources, of which there may be several. */
  async signInFor(persona: string, scope: string, resources: readonly string[] = []) {
    const authorization = await this.begin({ scope: `openid offline_access ${scope}` });
    for (const resource of resources) authorization.url.searchParams.append('resource', resource);
    return this.redeem(await this.authorize(authorization, persona), authorization.checks);
  }

  refresh(refreshToken: string | undefined, parameters: Parameters = {}) {
    return client.refreshTokenGrant(this.configuration, refreshToken ?? '', parameters);
  }

  async signIn(persona: string, parameters: Parameters = {}, browser?: Browser) {
    const authorization = await this.begin(parameters, browser);
    return this.redeem(await this.authorize(authorization, persona), authorization.checks);
  }
}

async function discover(
  issuer: string,
  clientId: string,
  metadata: Partial<client.ClientMetadata>,
  authentication: client.ClientAuth,
): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), clientId, metadata, authentication, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
}
