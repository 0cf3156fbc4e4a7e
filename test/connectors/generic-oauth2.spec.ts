import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { z } from 'zod';
import { isLatchkeyError } from '../../src/common/errors.js';
import { HttpClient } from '../../src/common/http-client.js';
import { Secret } from '../../src/common/secret.js';
import type { Authorization, ConnectorInstance } from '../../src/connectors/connector.js';
import { GenericOAuth2Connector } from '../../src/connectors/providers/oauth2.connector.js';
import { json, type Reaction } from '../support/hostile-issuer-http.js';
import { callbackWith, CLIENT_SECRET, instanceOf, REQUEST, StoppedClock } from '../support/round-trip.js';
import { scriptedProvider, textReply } from '../support/scripted-provider.js';

const ACCESS_TOKEN = 'access-token-that-nobody-else-may-see';
const GOOD_TOKEN = { access_token: ACCESS_TOKEN, refresh_token: 'refresh-1', token_type: 'Bearer' };

type Config = z.output<GenericOAuth2Connector['configSchema']>;

const connector = new GenericOAuth2Connector(new HttpClient(), new StoppedClock());

describe('the generic OAuth 2.0 connector', () => {
  const provider = scriptedProvider({
    'POST /token': json(GOOD_TOKEN),
    'GET /me': json({ id: 7 }),
    'POST /revoke': json({}),
  });

  const instance = (config: object = {}) =>
    instanceOf(
      connector,
      {
        clientId: 'latchkey',
        authorizationEndpoint: `${provider.origin}/authorize`,
        tokenEndpoint: `${provider.origin}/token`,
        userInfoEndpoint: `${provider.origin}/me`,
        ...config,
      },
      true,
    );

  const answer = (token: Reaction) => provider.script({ 'POST /token': token });
  const tell = (profile: Reaction) => provider.script({ 'GET /me': profile });

  const signIn = (config: object = {}, parameters: Record<string, string> = {}): Promise<Authorization> =>
    connector.exchange(instance(config), callbackWith({ code: 'the-code', ...parameters }));

  describe('sends people to the provider', () => {
    it('with the parameters of the protocol, PKCE and those of its configuration', async () => {
      const customConfig = { prompt: 'consent', audience: 'https://api.example' };
      const authorizationEndpoint = `${provider.origin}/authorize?policy=a`;
      const configuration = instance({ customConfig, authorizationEndpoint, scope: 'read write' });
      const url = await connector.authorizationUrl(configuration, REQUEST);
      expect(Object.fromEntries(url.searchParams)).toEqual({
        policy: 'a',
        prompt: 'consent',
        audience: 'https://api.example',
        client_id: 'latchkey',
        response_type: 'code',
        redirect_uri: REQUEST.redirectUri,
        state: REQUEST.state,
        scope: 'read write',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      });
    });

    it('without PKCE or with commas between scopes where the provider wants that', async () => {
      const configuration = instance({ pkce: false, scope: 'read,write', scopeDelimiter: ',' });
      const { searchParams } = await connector.authorizationUrl(configuration, REQUEST);
      expect([searchParams.get('scope'), searchParams.has('code_challenge')]).toEqual(['read,write', false]);
    });
  });

  it.each([
    'client_id',
    'redirect_uri',
    'state',
    'response_type',
    'response_mode',
    'scope',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
    'client_secret',
    'Redirect_URI',
    'STATE',
    'client.id',
    'redirect_uri[]',
    ' state',
    'state\u0000',
    'state&client_id',
    '__proto__x y',
    '',
  ])('lets no configuration replace a parameter of the protocol: %j', (name) => {
    const customConfig = Object.fromEntries([[name, 'evil']]);
    expect(() => instance({ customConfig })).toThrow();
    const query = new URLSearchParams({ [name]: 'evil' });
    if (/^[a-z_]+$/i.test(name))
      expect(() =>
        instance({ authorizationEndpoint: `${provider.origin}/authorize?${query.toString()}` }),
      ).toThrow();
  });

  describe('takes for an endpoint', () => {
    it.each([
      'file:///etc/passwd',
      'ftp://a.example/',
      'gopher://a.example/',
      'data:text/plain,a',
      'http+unix://%2Fvar/',
      'javascript:alert(1)',
      'not a URL',
      '',
      '/token',
    ])('no other protocol than that of the web: %j (SF-07)', (tokenEndpoint) => {
      expect(() => instance({ tokenEndpoint })).toThrow();
    });

    it.each([
      'https://a.example@evil.example/',
      'https://user:secret@a.example/',
      'https://evil.example/#.a.example',
    ])('nothing that looks like another host: %s (SF-06)', (tokenEndpoint) => {
      expect(() => instance({ tokenEndpoint })).toThrow();
    });

    it.each(['authorizationEndpoint', 'tokenEndpoint', 'userInfoEndpoint', 'revocationEndpoint'])(
      'the address of %s in any spelling that means the same',
      (field) => {
        const { config } = instance({ [field]: 'HTTPS://A.Example/x' });
        expect(Object.entries(config)).toContainEqual([field, 'https://a.example/x']);
      },
    );
  });

  describe('goes to private addresses', () => {
    it('at no step, unless they are on the list (SF-01, SF-08)', async () => {
      const held = { accessToken: new Secret('a'), refreshToken: new Secret('r'), tokenType: 'Bearer' };
      const config: ConnectorInstance<Config> = {
        ...instance({ revocationEndpoint: `${provider.origin}/revoke` }),
        privateHosts: new Set(),
      };
      const steps = [
        connector.exchange(config, callbackWith()),
        connector.refresh(config, held),
        connector.revoke(config, held),
        connector.verifyCredentials(config),
      ];
      for (const step of steps)
        await expect(step).rejects.toMatchObject({ code: 'connector.address_forbidden' });
      expect(provider.requests).toEqual([]);
    });

    it('no further than the list says: the profile is elsewhere (SF-01)', async () => {
      const userInfoEndpoint = 'https://169.254.169.254/latest/meta-data';
      await expect(signIn({ userInfoEndpoint })).rejects.toMatchObject({
        code: 'connector.address_forbidden',
      });
      expect(provider.requests.map(({ path }) => path)).toEqual(['/token']);
    });

    it('by no redirect (SF-04)', async () => {
      const inside: Reaction = { status: 302, headers: { location: `${provider.origin}/inside` }, body: '' };
      answer(inside);
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
      provider.script({ 'POST /token': json(GOOD_TOKEN), 'GET /me': inside });
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
      expect(provider.requestsTo('GET /inside')).toEqual([]);
    });
  });

  describe('redeems a code', () => {
    it('with its secret in the form, or in the header where the provider wants that', async () => {
      await signIn();
      await signIn({ tokenEndpointAuthMethod: 'client_secret_basic' });
      const [post, basic] = provider.requestsTo('POST /token');
      expect(post?.form.get('client_secret')).toBe(CLIENT_SECRET);
      expect(post?.form.get('code_verifier')).toBe(REQUEST.codeVerifier);
      expect(basic?.headers.authorization).toMatch(/^Basic /);
      expect(basic?.form.has('client_secret')).toBe(false);
    });

    it('whose answer is a form', async () => {
      const body = new URLSearchParams({ access_token: ACCESS_TOKEN, expires_in: '60' }).toString();
      answer(textReply(body, 'application/x-www-form-urlencoded'));
      const { tokenSet } = await signIn();
      expect([tokenSet?.accessToken.reveal(), tokenSet?.tokenType]).toEqual([ACCESS_TOKEN, 'Bearer']);
    });

    it.each(['bearer', 'BEARER', 'Bearer', undefined, null, ''])(
      'whose token is a bearer token when its type is %j (CE-35)',
      async (token_type) => {
        answer(json({ ...GOOD_TOKEN, token_type }));
        expect((await signIn()).tokenSet?.tokenType).toBe('Bearer');
      },
    );

    it.each(['mac', 'DPoP', 'dpop', 'N_A', 'bearer ', 7, true, {}])(
      'but takes no token of the type %j (CE-35)',
      async (token_type) => {
        answer(json({ ...GOOD_TOKEN, token_type }));
        await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
        expect(provider.requestsTo('GET /me')).toEqual([]);
      },
    );

    it.each<[string, Reaction]>([
      ['a page', textReply('<html>Sign in to the network</html>', 'text/html')],
      ['a page that says it is JSON', json('<html></html>')],
      ['nothing', { status: 200, headers: {}, body: '' }],
    ])('and is refused when %s comes for a token (CE-33)', async (_, sent) => {
      answer(sent);
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
    });

    it.each<object>([
      {},
      { token_type: 'bearer' },
      { access_token: '' },
      { access_token: null },
      { access_token: 7 },
      { access_token: {} },
    ])('and is refused when the answer has no access token: %j (CE-37)', async (sent) => {
      answer(json(sent));
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
      expect(provider.requestsTo('GET /me')).toEqual([]);
    });

    it.each<Reaction>([
      textReply('<html></html>', 'text/html'),
      json([]),
      json('text'),
      json(null),
      { status: 200, headers: {}, body: '{' },
    ])('and is refused when the profile is no object: %# (CE-33)', async (sent) => {
      tell(sent);
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
    });
  });

  describe('knows people', () => {
    const profile = { data: { user: { id: 7, mail: 'ann@example.com', confirmed: true } }, name: 'Ann' };
    const profileMap = { id: 'data.user.id', email: 'data.user.mail', emailVerified: 'data.user.confirmed' };

    it('by the paths of its configuration', async () => {
      tell(json(profile));
      const { identity } = await signIn({ profileMap, trustEmail: true });
      expect(identity).toMatchObject({
        issuer: `${provider.origin}/me#data.user.id`,
        subject: '7',
        name: 'Ann',
        email: 'ann@example.com',
        emailVerified: true,
        emailAuthoritative: true,
        rawData: profile,
      });
      expect((await signIn({ profileMap })).identity.emailAuthoritative).toBe(false);
    });

    it.each(['__proto__', '__proto__.id', 'constructor.name', 'data.constructor', 'data.prototype.id', ''])(
      'and takes no path that leads out of the data: %j',
      (id) => {
        expect(() => instance({ profileMap: { id } })).toThrow();
      },
    );

    it('and refuses those who have no id', async () => {
      tell(json({ name: 'Ann' }));
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
    });

    it('and keeps nothing of the profile that is called like a credential', async () => {
      tell(json({ id: 7, api_key: 'k', links: [{ private_token: 't', url: 'u' }] }));
      expect((await signIn()).identity.rawData).toEqual({ id: 7, links: [{ url: 'u' }] });
    });

    it('and takes no id from a prototype that the provider sends', async () => {
      tell({ status: 200, headers: {}, body: '{"__proto__":{"id":"admin"},"name":"x"}' });
      await expect(signIn()).rejects.toMatchObject({ code: 'connector.invalid_response' });
    });

    it('and never takes those of two providers, tenants or fields for the same', async () => {
      tell(json({ id: 7, user_id: 7 }));
      const issuers = await Promise.all(
        [
          {},
          { profileMap: { id: 'user_id' } },
          { userInfoEndpoint: `${provider.origin}/me?tenant=b` },
          { issuer: 'https://provider.example' },
        ].map(async (config) => (await signIn(config)).identity.issuer),
      );
      expect(new Set(issuers).size).toBe(4);
      expect(issuers[3]).toBe('https://provider.example');
    });

    it('and needs a name for the provider where the address is too long to be one', () => {
      const userInfoEndpoint = `${provider.origin}/${'x'.repeat(255)}`;
      expect(() => instance({ userInfoEndpoint })).toThrow();
      expect(() => instance({ userInfoEndpoint, issuer: 'https://a.example' })).not.toThrow();
    });
  });

  describe('compares the issuer of a callback', () => {
    it('with the configured one (RFC 9207)', async () => {
      const config = { issuer: 'https://provider.example' };
      await expect(signIn(config, { iss: 'https://evil.example' })).rejects.toMatchObject({
        code: 'auth.iss_mismatch',
      });
      expect(provider.requests).toEqual([]);
      expect((await signIn(config, { iss: 'https://provider.example' })).identity.subject).toBe('7');
    });

    it('with nothing where none is configured', async () => {
      expect((await signIn({}, { iss: 'https://provider.example' })).identity.subject).toBe('7');
    });
  });

  describe('keeps a grant', () => {
    const held = {
      accessToken: new Secret('access-0'),
      refreshToken: new Secret('refresh-0'),
      tokenType: 'Bearer',
    };

    it('by refreshing it', async () => {
      answer(json({ access_token: 'access-1' }));
      const { accessToken, refreshToken } = await connector.refresh(instance(), held);
      expect([accessToken.reveal(), refreshToken]).toEqual(['access-1', undefined]);
      expect(provider.requestsTo('POST /token')[0]?.form.get('refresh_token')).toBe('refresh-0');
    });

    it('and tells one that is gone from a provider that is away', async () => {
      answer(json({ error: 'invalid_grant' }, 400));
      await expect(connector.refresh(instance(), held)).rejects.toMatchObject({
        code: 'connector.grant_invalid',
      });
      answer(json({}, 503));
      await expect(connector.refresh(instance(), held)).rejects.toMatchObject({
        code: 'connector.provider_unavailable',
      });
    });

    it('and ends it where the provider has a place for that (RFC 7009)', async () => {
      await connector.revoke(instance({ revocationEndpoint: `${provider.origin}/revoke` }), held);
      expect(provider.requestsTo('POST /revoke')[0]?.form.get('token')).toBe('refresh-0');
      expect(await connector.revoke(instance(), held)).toBe('unsupported');
      expect(provider.requests).toHaveLength(1);
    });
  });

  const clientSecret = 'S3cret-of-the-client-0123456789abcdef';
  it.each<[string, Parameters<typeof provider.script>[0]]>([
    [
      'a refused code',
      { 'POST /token': json({ error: 'invalid_grant', error_description: clientSecret }, 400) },
    ],
    [
      'a refused client',
      { 'POST /token': json({ error: 'invalid_client', error_description: clientSecret }, 401) },
    ],
    ['a broken answer', { 'POST /token': textReply(`<p>${clientSecret} ${ACCESS_TOKEN}</p>`, 'text/html') }],
    ['a refused token', { 'GET /me': json({ token: ACCESS_TOKEN }, 401) }],
    ['a profile without an id', { 'GET /me': json({ token: ACCESS_TOKEN }) }],
  ])('gives nothing away with %s', async (_, script) => {
    provider.script(script);
    const failure = await signIn({ clientSecret }).catch((error: unknown) => error);
    if (!isLatchkeyError(failure)) throw new Error('was not refused');
    const { code, message, data, upstream } = failure;
    const told = inspect({ code, message, data, upstream }, { depth: 9 });
    expect(told).not.toContain(clientSecret);
    expect(told).not.toContain(ACCESS_TOKEN);
  });

  it('says whether the provider takes our credentials', async () => {
    answer(json({ error: 'invalid_grant' }, 400));
    await expect(connector.verifyCredentials(instance())).resolves.toBeUndefined();
    answer(json({ error: 'invalid_client' }, 401));
    await expect(connector.verifyCredentials(instance())).rejects.toMatchObject({
      code: 'connector.misconfigured',
    });
  });

  it('keeps the fields that Logto has under the names that Logto gives them', () => {
    const { config } = instance({ tokenEndpointResponseType: 'json', responseType: 'code', grantType: 'x' });
    expect(Object.keys(config)).toEqual(
      expect.arrayContaining([
        'authorizationEndpoint',
        'tokenEndpoint',
        'userInfoEndpoint',
        'clientId',
        'profileMap',
      ]),
    );
    expect(connector.descriptor).toMatchObject({ id: 'oauth2', isStandard: true });
  });
});
