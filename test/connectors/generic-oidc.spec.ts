import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { HttpClient } from '../../src/common/http-client.js';
import type { Authorization, ConnectorInstance } from '../../src/connectors/connector.js';
import { GenericOidcConnector } from '../../src/connectors/providers/oidc.connector.js';
import { PATHS } from '../support/hostile-issuer-endpoints.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { json, type TextReply } from '../support/hostile-issuer-http.js';
import { CODE_CHALLENGE, held, instanceOf, refusalOf, REQUEST, StoppedClock } from '../support/round-trip.js';
import { textReply } from '../support/scripted-provider.js';

type Config = z.output<GenericOidcConnector['configSchema']>;

const connector = new GenericOidcConnector(new HttpClient(), new StoppedClock());

const ANN = {
  sub: 'ann-1',
  name: 'Ann',
  preferred_username: 'ann',
  email: 'ann@example.com',
  email_verified: true,
  phone_number: '+15550100123',
  phone_number_verified: true,
  picture: 'https://pictures.example/ann',
};

let issuer: HostileIssuer;

beforeAll(async () => {
  issuer = await HostileIssuer.start({ path: '/realms/a', authentication: 'post', algorithm: 'RS256' });
});

beforeEach(() => {
  issuer.behave();
  issuer.person = ANN;
  issuer.requests.length = 0;
});

afterAll(() => issuer.close());

const instance = (config: object = {}): ConnectorInstance<Config> => {
  const { id: clientId, secret: clientSecret } = issuer.client;
  return instanceOf(connector, { issuer: issuer.url, clientId, clientSecret, ...config }, true);
};

async function signIn(at: ConnectorInstance<Config>): Promise<Authorization> {
  const { headers } = await fetch(await connector.authorizationUrl(at, REQUEST), { redirect: 'manual' });
  const parameters = new URL(headers.get('location') ?? '').searchParams;
  return connector.exchange(at, { ...REQUEST, parameters });
}

const identityWith = async (config: object = {}) => (await signIn(instance(config))).identity;

/** The issuer's metadata, but for these members. */
const metadata =
  (changed: object) =>
  ({ body }: TextReply): TextReply =>
    json({ ...(JSON.parse(body) as object), ...changed });

describe('the generic OpenID Connect connector', () => {
  describe('sends people to the provider', () => {
    const query = async (config: object = {}) =>
      Object.fromEntries((await connector.authorizationUrl(instance(config), REQUEST)).searchParams);

    it('with every check that the protocol has', async () => {
      expect(await query()).toEqual({
        client_id: issuer.client.id,
        redirect_uri: REQUEST.redirectUri,
        response_type: 'code',
        state: REQUEST.state,
        nonce: REQUEST.nonce,
        scope: 'openid profile email',
        code_challenge: CODE_CHALLENGE,
        code_challenge_method: 'S256',
      });
    });

    it('with what the configuration adds', async () => {
      const config = { customConfig: { prompt: 'consent' }, acrValues: 'gold silver', maxAgeSeconds: 60 };
      expect(await query(config)).toMatchObject({
        prompt: 'consent',
        acr_values: 'gold silver',
        max_age: '60',
      });
    });

    it.each([
      ['email', 'openid email'],
      ['profile,openid', 'profile openid'],
      ['openid', 'openid'],
      ['openid2', 'openid openid2'],
      ['', 'openid'],
    ])('with the scope openid, whatever is configured: %j', async (scope, sent) => {
      expect(await query({ scope })).toMatchObject({ scope: sent });
    });
  });

  it.each([
    'nonce',
    'state',
    'redirect_uri',
    'client_id',
    'code_challenge',
    'request',
    'acr_values',
    'max_age',
    'Nonce',
  ])('lets no configuration replace a parameter of the protocol: %s', (name) => {
    expect(() => instance({ customConfig: { [name]: 'evil' } })).toThrow();
  });

  describe('takes for an issuer', () => {
    it.each([
      'file:///etc/passwd',
      'ftp://a.example',
      'gopher://a.example',
      'data:application/json,{}',
      'http+unix://%2Fvar',
      'a.example',
      '',
    ])('no other protocol than that of the web: %j (SF-07)', (other) => {
      expect(() => instance({ issuer: other })).toThrow();
    });

    it.each([
      'https://a.example@evil.example',
      'https://user:secret@a.example',
      'https://evil.example#.a.example',
      'https://evil.example/?a.example',
      'https://a.example/.well-known/openid-configuration',
    ])('nothing that is more than its name: %s (SF-06)', (other) => {
      expect(() => instance({ issuer: other })).toThrow();
    });

    it('the very text of the provider, slash and all', () => {
      expect(instance({ issuer: 'https://a.example/realms/b/' }).config.issuer).toBe(
        'https://a.example/realms/b/',
      );
    });

    it('none that the provider does not call itself', async () => {
      issuer.bend({ answers: { discovery: metadata({ issuer: 'https://accounts.google.com' }) } });
      expect(await refusalOf(identityWith())).toMatchObject({ code: 'connector.misconfigured' });
    });
  });

  it('says that a grant cannot be ended where the issuer names no place for that (RFC 7009)', async () => {
    issuer.bend({ answers: { discovery: metadata({ revocation_endpoint: undefined }) } });
    expect(await connector.revoke(instance(), held('access', 'refresh'))).toBe('unsupported');
  });

  describe('goes to private addresses', () => {
    it('not at all, unless they are on the list (SF-01, SF-08)', async () => {
      const at = { ...instance(), privateHosts: new Set<string>() };
      for (const step of [
        connector.authorizationUrl(at, REQUEST),
        connector.refresh(at, held('access', 'refresh')),
        connector.revoke(at, held('access', 'refresh')),
        connector.verifyCredentials(at),
      ])
        expect(await refusalOf(step)).toMatchObject({ code: 'connector.address_forbidden' });
      expect(issuer.requests).toEqual([]);
    });

    it.each([
      ['token_endpoint', 'https://169.254.169.254/token'],
      ['token_endpoint', 'http://127.0.0.1:6379/'],
      ['jwks_uri', 'https://[::ffff:10.0.0.1]/keys'],
      ['jwks_uri', 'https://localhost/keys'],
      ['userinfo_endpoint', 'https://192.168.0.1/me'],
    ])('no further than the list says: %s is %s (SF-01)', async (name, url) => {
      issuer.bend({
        answers: { discovery: metadata({ [name]: url }) },
        claims: (claims) => delete claims['email'],
      });
      expect(await refusalOf(identityWith({ fetchUserInfo: true }))).toMatchObject({
        code: 'connector.address_forbidden',
      });
    });

    it.each(['discovery', 'jwks', 'token', 'userinfo'] as const)(
      'by no redirect: %s (SF-04)',
      async (endpoint) => {
        const location = issuer.url + PATHS[endpoint];
        const redirect = (): TextReply => ({ status: 307, headers: { location }, body: '' });
        issuer.bend({ answers: { [endpoint]: redirect }, claims: (claims) => delete claims['email'] });
        const { code } = await refusalOf(identityWith({ fetchUserInfo: true }));
        expect(code).toMatch(/^connector\./);
        expect(issuer.requestsTo(endpoint)).toHaveLength(1);
      },
    );
  });

  it.each(['discovery', 'token', 'userinfo'] as const)(
    'takes no page of a captive portal for an answer: %s (CE-33)',
    async (endpoint) => {
      const page = () => textReply('<html>Sign in to the network</html>', 'text/html');
      issuer.bend({ answers: { [endpoint]: page }, claims: (claims) => delete claims['email'] });
      expect(await refusalOf(identityWith({ fetchUserInfo: true }))).toMatchObject({
        code: 'connector.invalid_response',
      });
    },
  );

  describe('redeems a code', () => {
    const token =
      (changed: object) =>
      ({ body }: TextReply): TextReply =>
        json({ ...(JSON.parse(body) as object), ...changed });

    it('with its secret in the header where the provider wants that', async () => {
      const basic = await HostileIssuer.start({ authentication: 'basic', algorithm: 'RS256' });
      basic.person = ANN;
      const config = { issuer: basic.url, tokenEndpointAuthMethod: 'client_secret_basic' };
      const { tokenSet } = await signIn(instance(config)).finally(() => basic.close());
      expect(tokenSet?.refreshToken).toBeDefined();
    });

    it.each(['BEARER', 'bearer'])(
      'whose token is a bearer token when its type is %s (CE-35)',
      async (token_type) => {
        issuer.bend({ answers: { token: token({ token_type }) } });
        expect((await signIn(instance())).tokenSet?.tokenType).toBe('Bearer');
      },
    );

    it.each(['mac', 'DPoP'])('but takes no token of the type %s (CE-35)', async (token_type) => {
      issuer.bend({ answers: { token: token({ token_type }) } });
      expect(await refusalOf(identityWith())).toMatchObject({ code: 'connector.invalid_response' });
    });

    it('and is refused when the answer has no access token (CE-37)', async () => {
      issuer.bend({ answers: { token: token({ access_token: undefined }) } });
      expect(await refusalOf(identityWith())).toMatchObject({ code: 'connector.invalid_response' });
    });

    it('and is refused when the person has not passed the demanded class of authentication', async () => {
      issuer.bend({ claims: (claims) => (claims['acr'] = 'bronze') });
      expect(await refusalOf(identityWith({ acrValues: 'gold silver' }))).toMatchObject({
        code: 'auth.id_token_invalid',
      });
      issuer.bend({ claims: (claims) => (claims['acr'] = 'silver') });
      expect((await identityWith({ acrValues: 'gold silver' })).subject).toBe(ANN.sub);
    });
  });

  describe('knows people', () => {
    it('by issuer and subject, and by the claims of the standard', async () => {
      const { rawData, ...identity } = await identityWith();
      expect(identity).toEqual({
        issuer: issuer.url,
        subject: 'ann-1',
        name: 'Ann',
        username: 'ann',
        email: 'ann@example.com',
        emailVerified: true,
        emailAuthoritative: false,
        phone: '+15550100123',
        phoneVerified: true,
        avatar: 'https://pictures.example/ann',
      });
      expect(rawData).toEqual(ANN);
    });

    it('and keeps nothing of the claims that is called like a credential', async () => {
      issuer.person = { ...ANN, feed_token: 't', apps: { one: { clientSecret: 's', id: 1 } } };
      expect((await identityWith()).rawData).toEqual({ ...ANN, apps: { one: { id: 1 } } });
    });

    it('whose verified addresses join accounts only where the provider is trusted', async () => {
      expect((await identityWith({ trustEmail: true })).emailAuthoritative).toBe(true);
      issuer.person = { ...ANN, email_verified: false };
      expect((await identityWith({ trustEmail: true })).emailAuthoritative).toBe(false);
      issuer.person = { ...ANN, email_verified: undefined };
      expect((await identityWith({ trustEmail: true })).emailAuthoritative).toBe(false);
    });

    it('by other claims where the configuration says so', async () => {
      issuer.person = { ...ANN, contact: { mail: 'other@example.com' }, 'https://a.example/nick': 'Annie' };
      const profileMap = { email: 'contact.mail', name: 'https://a.example/nick' };
      expect(await identityWith({ profileMap })).toMatchObject({ email: 'other@example.com', name: 'Annie' });
    });

    it.each(['__proto__.email', 'constructor.name', 'a.prototype'])(
      'and takes no path that leads out of the claims: %s',
      (email) => {
        expect(() => instance({ profileMap: { email } })).toThrow();
      },
    );
  });

  describe('asks the UserInfo endpoint', () => {
    const withoutEmail = (claims: Record<string, unknown>) => {
      delete claims['email'];
      delete claims['email_verified'];
    };

    it('only when it is told to, and something is missing', async () => {
      await identityWith({ fetchUserInfo: true });
      issuer.bend({ claims: withoutEmail });
      expect((await identityWith()).email).toBeUndefined();
      expect(issuer.requestsTo('userinfo')).toEqual([]);
    });

    it('for what the ID token leaves out, and takes the rest from the ID token', async () => {
      issuer.bend({
        claims: withoutEmail,
        answers: { userinfo: () => json({ ...ANN, name: 'Somebody else', iss: 'https://evil.example' }) },
      });
      expect(await identityWith({ fetchUserInfo: true })).toMatchObject({
        issuer: issuer.url,
        name: 'Ann',
        email: 'ann@example.com',
        emailVerified: true,
      });
    });

    it('whose address is not verified by a word about another address', async () => {
      issuer.bend({
        claims: (claims) => delete claims['email'],
        answers: { userinfo: () => json({ sub: ANN.sub, email: 'victim@example.com' }) },
      });
      expect(await identityWith({ fetchUserInfo: true, trustEmail: true })).toMatchObject({
        email: 'victim@example.com',
        emailVerified: false,
        emailAuthoritative: false,
      });
    });

    it.each(['somebody-else', 'ANN-1', '', null, undefined, 7])(
      'and refuses an answer about somebody else: %j',
      async (sub) => {
        issuer.bend({ claims: withoutEmail, answers: { userinfo: () => json({ ...ANN, sub }) } });
        const { code } = await refusalOf(identityWith({ fetchUserInfo: true }));
        expect(['auth.userinfo_mismatch', 'connector.invalid_response']).toContain(code);
      },
    );
  });

  it('gives neither its secret nor a token away when it is refused', async () => {
    const { secret } = issuer.client;
    issuer.bend({
      answers: { token: () => json({ error: 'invalid_client', error_description: 'no' }, 401) },
    });
    const { code, message, data, upstream } = await refusalOf(identityWith());
    const told = JSON.stringify({ code, message, data, upstream });
    for (const hidden of [secret, ...issuer.secrets]) expect(told).not.toContain(hidden);
    expect(code).toBe('connector.misconfigured');
  });

  it('is a standard connector, whose target each instance chooses', () => {
    expect(connector.descriptor).toMatchObject({ id: 'oidc', isStandard: true });
  });
});
