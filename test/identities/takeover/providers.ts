import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { randomBytes } from 'node:crypto';
import type { ConnectorInstanceOptions } from '../../../src/index.js';

/** What the providers answer from now on, by path, and what their ID tokens say. */
export interface Account {
  readonly answers: Readonly<Record<string, unknown>>;
  readonly claims?: object;
}

const client = { clientId: '4815162342', clientSecret: 'secret' };
const oauth2 = {
  ...client,
  authorizationEndpoint: 'https://oauth2.invalid/authorize',
  tokenEndpoint: 'https://oauth2.invalid/token',
  userInfoEndpoint: 'https://oauth2.invalid/profile',
};
const standard = (kind: 'oidc' | 'oauth2', id: string, config: object): ConnectorInstanceOptions => ({
  id,
  target: id,
  connectorId: kind,
  config,
});

/** One of each provider, and of the generic ones one that is trusted with addresses and one that is not. */
export const instances: readonly ConnectorInstanceOptions[] = [
  { id: 'github', connectorId: 'github-universal', config: client },
  { id: 'google', connectorId: 'google-universal', config: client },
  { id: 'gitlab', connectorId: 'gitlab-universal', config: client },
  { id: 'facebook', connectorId: 'facebook-universal', config: client },
  { id: 'x', connectorId: 'x-universal', config: client },
  {
    id: 'wecom',
    connectorId: 'wecom-universal',
    config: { corpId: 'corp', appSecret: 'secret', agentId: '1' },
  },
  standard('oidc', 'oidc', { ...client, issuer: 'https://oidc.invalid', trustEmail: true }),
  standard('oidc', 'oidc-untrusted', { ...client, issuer: 'https://stranger.invalid' }),
  standard('oauth2', 'oauth2', {
    ...oauth2,
    trustEmail: true,
    profileMap: { emailVerified: 'email_verified' },
  }),
  standard('oauth2', 'oauth2-untrusted', { ...oauth2, profileMap: { emailVerified: 'email_verified' } }),
];

/** All providers in place of the network. */
export class Providers {
  nonce = '';

  private constructor(
    private readonly key: CryptoKey,
    private readonly jwk: object,
    private account: Account = { answers: {} },
  ) {}

  static async create(): Promise<Providers> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    return new Providers(privateKey, { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' });
  }

  /** Whoever comes back from any provider is the owner of this account. */
  play(account: Account): void {
    this.account = account;
  }

  /** Has the signature of `fetch`. */
  readonly fetch = async (address: string | URL): Promise<Response> => {
    const { origin, pathname } = new URL(address);
    const { answers, claims } = this.account;
    if (Object.hasOwn(answers, pathname)) return Response.json(answers[pathname]);
    if (pathname.endsWith('/.well-known/openid-configuration'))
      return Response.json(
        metadataOf(new URL(address).href.replace('/.well-known/openid-configuration', '')),
      );
    if (pathname.endsWith('/keys')) return Response.json({ keys: [this.jwk] });
    if (pathname.endsWith('/userinfo')) return Response.json(claims);
    if (pathname.endsWith('/token'))
      return Response.json({
        ...TOKEN,
        id_token: await this.idToken(origin + pathname.replace(/\/token$/, '')),
      });
    return new Response('not found', { status: 404 });
  };

  private idToken(iss: string): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const { nonce } = this;
    const all = { iss, aud: client.clientId, iat, exp: iat + 300, nonce, ...this.account.claims };
    return new CompactSign(new TextEncoder().encode(JSON.stringify(all)))
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(this.key);
  }
}

export const TOKEN = {
  access_token: randomBytes(16).toString('hex'),
  token_type: 'bearer',
  expires_in: 3600,
};

export const logto = {
  endpoint: 'https://logto.invalid',
  appId: client.clientId,
  appSecret: client.clientSecret,
};

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  userinfo_endpoint: `${issuer}/userinfo`,
});
