import type { Sandbox } from '../../src/testing.js';
import { applicationUrl, RelyingParty } from '../sandbox/relying-party.js';

/** Our API at Logto. */
export const API = 'https://api.example.test/';
/** An API of somebody else at the same Logto. */
export const ELSEWHERE = 'https://other.example.test/';
export const AURORA = 'k3v9xq27mz0a';
export const HARBOUR = '7t1hd84wpe6s';

const ORGANIZATIONS = 'urn:logto:resource:organizations';

/** Everything that the sandbox grants to somebody. */
export const SCOPES = [
  'email',
  'roles',
  'urn:logto:scope:organizations',
  'read:members',
  'invite:member',
  'manage:settings',
  'read:documents',
  'write:documents',
  'read:customers',
];

/** A client at the same Logto, such as an app on a telephone, that calls our API with access tokens. */
export const MOBILE = {
  clientId: 'latchkey-mobile',
  clientSecret: 'what a mobile app would not have',
  redirectUris: [`${applicationUrl}/auth/callback`],
};

/** Tokens of the sandbox's Logto as a client of the API gets them. The sandbox knows {@link MOBILE}. */
export class TokensOfLogto {
  private constructor(
    private readonly sandbox: Sandbox,
    private readonly client: RelyingParty,
    private readonly refreshTokens = new Map<string, Promise<{ refreshToken: string; idToken: string }>>(),
  ) {}

  static async of(sandbox: Sandbox): Promise<TokensOfLogto> {
    const logto = { ...sandbox.logto, appId: MOBILE.clientId, appSecret: MOBILE.clientSecret };
    return new TokensOfLogto(sandbox, await RelyingParty.ofLogto({ ...sandbox, logto }));
  }

  /** For our API. */
  api = (persona: string): Promise<string> => this.token(persona, { resource: API });

  /** For our API within an organisation. */
  organizationApi = (persona: string, organization: string): Promise<string> =>
    this.token(persona, { resource: API, organization_id: organization });

  /** For an organisation itself. */
  organization = (persona: string, organization: string): Promise<string> =>
    this.token(persona, { organization_id: organization });

  elsewhere = (persona: string): Promise<string> => this.token(persona, { resource: ELSEWHERE });

  /** For UserInfo: no JWT. */
  opaque = (persona: string): Promise<string> => this.token(persona, {});

  async idToken(persona: string): Promise<string> {
    return (await this.grant(persona)).idToken;
  }

  /** Of a program that acts in its own name. */
  async machine(
    scope = '',
    { clientId, clientSecret }: Pick<typeof MOBILE, 'clientId' | 'clientSecret'> = this.sandbox.machine,
  ): Promise<string> {
    const answer = await fetch(`${this.sandbox.url}/oidc/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: API, scope }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  private async token(persona: string, parameters: Record<string, string>): Promise<string> {
    const { refreshToken } = await this.grant(persona);
    return (await this.client.refresh(refreshToken, parameters)).access_token;
  }

  private grant(persona: string): Promise<{ refreshToken: string; idToken: string }> {
    const grant = this.refreshTokens.get(persona) ?? this.signIn(persona);
    this.refreshTokens.set(persona, grant);
    return grant;
  }

  private async signIn(persona: string): Promise<{ refreshToken: string; idToken: string }> {
    const resources = [API, ELSEWHERE, ORGANIZATIONS];
    const tokens = await this.client.signInFor(persona, SCOPES.join(' '), resources);
    return { refreshToken: tokens.refresh_token ?? '', idToken: tokens.id_token ?? '' };
  }
}
