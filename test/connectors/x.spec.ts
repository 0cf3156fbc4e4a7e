import { describe, expect, it } from '@jest/globals';
import { HttpClient } from '../../src/common/http-client.js';
import { XConnector } from '../../src/connectors/providers/x.connector.js';
import { json } from '../support/hostile-issuer-http.js';
import { profileFaults, withRows } from '../support/provider-faults.js';
import {
  callbackWith,
  CODE_CHALLENGE,
  instanceOf,
  refusalOf,
  REQUEST,
  StoppedClock,
} from '../support/round-trip.js';
import { hang, scriptedProvider, withHeaders } from '../support/scripted-provider.js';

const TOKEN = 'POST /2/oauth2/token';
const ME = 'GET /2/users/me';

const tokensFor = (scope: string) =>
  json({ access_token: 'the-access-token', token_type: 'bearer', expires_in: 7200, scope });

const PERSON = {
  id: '2244994945',
  name: 'Ada',
  username: 'ada',
  profile_image_url: 'https://pictures.example/ada',
};

const connector = new XConnector(new HttpClient(), new StoppedClock());

const x = scriptedProvider({
  [TOKEN]: tokensFor('tweet.read users.read users.email'),
  [ME]: json({ data: PERSON }),
});

const configured = (config: Record<string, unknown> = {}, enableTokenStorage = false) =>
  instanceOf(
    connector,
    { clientId: 'our-app', endpoint: x.origin, apiEndpoint: x.origin, ...config },
    enableTokenStorage,
  );

const exchange = (parameters?: Record<string, string>) =>
  connector.exchange(configured(), callbackWith(parameters));

const identity = async () => (await exchange()).identity;

describe("X's authorization request", () => {
  const scope = async (instance: ReturnType<typeof configured>, more: string[] = []) => {
    const url = await connector.authorizationUrl(instance, { ...REQUEST, scope: more });
    return url.searchParams.get('scope');
  };

  // The address is asked for too, and the host is the one that X has today.
  it('Logto 2.4 row 1: asks for the person and the address by default, with PKCE', async () => {
    const url = await connector.authorizationUrl(instanceOf(connector, { clientId: 'our-app' }), REQUEST);
    expect(url.origin + url.pathname).toBe('https://x.com/i/oauth2/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'our-app',
      redirect_uri: REQUEST.redirectUri,
      response_type: 'code',
      state: REQUEST.state,
      scope: 'tweet.read users.read users.email',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  // A request adds to what the application needs to know the person, where Logto lets it replace that.
  it('Logto 2.4 row 2: adds the scopes of a request to those of the configuration', async () => {
    expect(await scope(configured(), ['custom_scope'])).toBe(
      'tweet.read users.read users.email custom_scope',
    );
    expect(await scope(configured({ scope: 'users.read' }), ['like.read'])).toBe('users.read like.read');
  });

  it('Logto 2.7: a configured scope replaces the default, and asks for none when it is empty', async () => {
    expect(await scope(configured({ scope: 'users.read tweet.read' }))).toBe('users.read tweet.read');
    expect(await scope(configured({ scope: '' }))).toBeNull();
  });

  it('asks for a refresh token where the vault keeps it', async () => {
    expect(await scope(configured({ scope: 'users.read' }, true))).toBe('users.read offline.access');
  });
});

describe('a person of X', () => {
  it('Logto 2.4 row 4, CE-27: signs in without an address', async () => {
    x.script({ [ME]: json({ data: { id: PERSON.id, name: 'Ada' } }) });
    expect(await identity()).toEqual({
      issuer: x.origin,
      subject: '2244994945',
      name: 'Ada',
      username: undefined,
      email: undefined,
      emailVerified: false,
      avatar: undefined,
      rawData: { data: { id: PERSON.id, name: 'Ada' } },
    });
  });

  // X has confirmed the address, but accounts are not joined by it: it may be another's today.
  it('Logto 2.7: has the confirmed address, which joins no accounts', async () => {
    x.script({ [ME]: json({ data: { ...PERSON, confirmed_email: 'ada@example.com' } }) });
    const known = await identity();
    expect(known).toMatchObject({
      name: 'Ada',
      username: 'ada',
      email: 'ada@example.com',
      emailVerified: true,
      avatar: 'https://pictures.example/ada',
    });
    expect(known.emailAuthoritative ?? false).toBe(false);
  });

  it.each([
    ['is asked for the address where X has granted that', 'users.read users.email', true],
    ['is not asked for the address where X has not', 'users.read tweet.read', false],
  ])('Logto 2.7: %s, whatever was configured', async (_, scope, asked) => {
    x.script({ [TOKEN]: tokensFor(scope) });
    await exchange();
    const { query, headers } = x.requestTo(ME);
    const email = asked ? ',confirmed_email' : '';
    expect(Object.fromEntries(query)).toEqual({
      'user.fields': `name,username,profile_image_url${email}`,
    });
    expect(headers.authorization).toBe('Bearer the-access-token');
  });

  it.each([[null], [undefined], [0], [''], ['null'], [2244994945]])(
    'is nobody with the id %j',
    async (id) => {
      x.script({ [ME]: json({ data: { ...PERSON, id } }) });
      expect((await refusalOf(exchange())).code).toBe('connector.invalid_response');
    },
  );

  const errors = [{ title: 'Not Found Error', detail: 'Could not find user' }];
  // Row 5 is any refusal at Logto; the 401 is a gap of 2.7.
  it.each([
    ...withRows(profileFaults, { '500': '2.4 row 5', '401': '2.7', '400': '2.7' }),
    ['errors with 200', json({ errors }), 'connector.invalid_response'] as const,
  ])('is not known by %s', async (_, answer, code) => {
    x.script({ [ME]: answer });
    expect((await refusalOf(exchange())).code).toBe(code);
    expect(x.requestsTo(ME)).toHaveLength(1);
  });

  it('CE-25: cannot be asked for until the limit ends', async () => {
    const reset = Math.floor(Date.now() / 1000) + 300;
    x.script({
      [ME]: withHeaders({ title: 'Too Many Requests' }, 429, {
        'x-rate-limit-limit': '75',
        'x-rate-limit-remaining': '0',
        'x-rate-limit-reset': String(reset),
      }),
    });
    const { code, retryAfterSeconds } = await refusalOf(exchange());
    expect(code).toBe('connector.rate_limited');
    expect(retryAfterSeconds).toBeGreaterThan(200);
    expect(retryAfterSeconds).toBeLessThanOrEqual(300);
  });

  it("keeps X's own words about a refused token, without what could be one", async () => {
    const detail = 'Unauthorized: bXlfc2VjcmV0X2FjY2Vzc190b2tlbg';
    x.script({ [ME]: json({ title: 'Unauthorized', type: 'about:blank', status: 401, detail }, 401) });
    expect((await refusalOf(exchange())).upstream).toMatchObject({
      status: 401,
      description: 'Unauthorized: [redacted]',
    });
  });

  it('Logto 2.7: is waited for no longer than five seconds, and asked for once', async () => {
    x.script({ [ME]: hang });
    expect((await refusalOf(exchange())).code).toBe('connector.provider_timeout');
    expect(x.requestsTo(ME)).toHaveLength(1);
  });
});

describe('a callback of X', () => {
  // Where to come back to and the verifier are remembered by us and not brought by the browser.
  it.each([
    ['that says no is a cancelled sign-in', { error: 'access_denied' }, 'auth.access_denied'],
    ['with neither code nor error cannot be used', {}, 'auth.callback_invalid'],
    ['with an error that we cannot name cannot be used', { error: 'else' }, 'auth.callback_invalid'],
  ])('Logto 2.4 row 5: %s', async (_, parameters, code) => {
    expect((await refusalOf(exchange(parameters))).code).toBe(code);
    expect(x.requests).toEqual([]);
  });
});
