import { describe, expect, it } from '@jest/globals';
import { HttpClient } from '../../src/common/http-client.js';
import { GithubConnector } from '../../src/connectors/providers/github.connector.js';
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

const TOKEN = 'POST /login/oauth/access_token';
const API = { user: 'GET /api/v3/user', emails: 'GET /api/v3/user/emails' } as const;

const USER = {
  id: 4711,
  login: 'mona',
  name: 'Mona',
  avatar_url: 'https://avatars.example/4711',
  email: 'public@example.com',
  plan: { name: 'free' },
};

const address = (email: string, primary: boolean, verified: boolean, visibility: string | null = null) => ({
  email,
  primary,
  verified,
  visibility,
});
const EMAILS = [
  address('second@example.com', false, true),
  address('mona@example.com', true, true, 'private'),
];

const connector = new GithubConnector(new HttpClient(), new StoppedClock());

const github = scriptedProvider({
  [TOKEN]: json({ access_token: 'the-access-token', scope: 'read:user,user:email', token_type: 'bearer' }),
  [API.user]: json(USER),
  [API.emails]: json(EMAILS),
});

const configured = (config: Record<string, unknown> = {}) =>
  instanceOf(connector, { clientId: 'our-app', endpoint: github.origin, ...config });

const exchange = (parameters?: Record<string, string>) =>
  connector.exchange(configured(), callbackWith(parameters));

const identity = async () => (await exchange()).identity;

describe("GitHub's authorization request", () => {
  const query = async (config: Record<string, unknown>, scope?: string[]) => {
    const url = await connector.authorizationUrl(configured(config), { ...REQUEST, scope });
    return Object.fromEntries(url.searchParams);
  };

  // Beside Logto's parameters there are response_type (RFC 6749 4.1.1) and PKCE, and their order says nothing.
  it('Logto 2.2 row 1: asks for both scopes by default, with PKCE', async () => {
    const instance = instanceOf(connector, { clientId: 'our-app' });
    const url = await connector.authorizationUrl(instance, REQUEST);
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'our-app',
      redirect_uri: REQUEST.redirectUri,
      response_type: 'code',
      state: REQUEST.state,
      scope: 'read:user user:email',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  // A request adds to what the application needs to know the person, where Logto lets it replace that.
  it('Logto 2.2 row 2: adds the scopes of a request to those of the configuration', async () => {
    expect(await query({}, ['custom_scope'])).toMatchObject({ scope: 'read:user user:email custom_scope' });
    expect(await query({ scope: 'repo' }, ['gist', 'repo'])).toMatchObject({ scope: 'repo gist' });
  });

  it.each([
    ['replaces the default', 'repo', 'repo'],
    ['may be separated by commas', 'repo, gist', 'repo gist'],
    ['asks for none when it is empty', '', undefined],
  ])('Logto 2.7: a configured scope %s', async (_, scope, asked) => {
    expect((await query({ scope }))['scope']).toBe(asked);
  });
});

describe('a person of GitHub', () => {
  // Logto takes the public address, which nobody has confirmed to be the primary one: AL-04.
  it('Logto 2.2 row 5, AL-04: has no address by the public profile alone', async () => {
    github.script({ [API.emails]: json([]) });
    expect(await identity()).toEqual({
      issuer: `${github.origin}/login/oauth`,
      subject: '4711',
      name: 'Mona',
      username: 'mona',
      email: undefined,
      emailVerified: false,
      emailAuthoritative: false,
      avatar: 'https://avatars.example/4711',
      rawData: { userInfo: USER, userEmails: [] },
    });
  });

  it('Logto 2.2 row 6: has the primary address that is verified', async () => {
    expect(await identity()).toMatchObject({
      email: 'mona@example.com',
      emailVerified: true,
      emailAuthoritative: true,
      rawData: { userInfo: USER, userEmails: EMAILS },
    });
  });

  it.each([
    ['primary but not verified', [address('a@example.com', true, false)]],
    ['verified but not primary', [address('a@example.com', false, true)]],
    ['neither', [address('a@example.com', false, false)]],
    ['claimed to be verified in words', [{ ...address('a@example.com', true, true), verified: 'true' }]],
  ])('AL-04: has no address by one that is %s', async (_, emails) => {
    github.script({ [API.emails]: json(emails) });
    expect(await identity()).toMatchObject({
      email: undefined,
      emailVerified: false,
      emailAuthoritative: false,
    });
  });

  it.each([403, 404])(
    'Logto 2.2 row 7, CE-08: signs in without an address where the app may not read it: %d',
    async (status) => {
      // GitHub tells how much is left of its limit with every answer, also with those that are no limit.
      const left = { 'x-ratelimit-remaining': '4998', 'x-ratelimit-reset': '4000000000' };
      github.script({
        [API.emails]: withHeaders({ message: 'Resource not accessible by integration' }, status, left),
      });
      expect(await identity()).toMatchObject({
        subject: '4711',
        email: undefined,
        emailVerified: false,
        rawData: { userInfo: USER, userEmails: [] },
      });
    },
  );

  it('Logto 2.2 row 8: may have neither picture nor name nor address', async () => {
    const user = { id: 4711, login: 'mona', avatar_url: null, name: null, email: null };
    github.script({ [API.user]: json(user), [API.emails]: json([]) });
    expect(await identity()).toMatchObject({
      subject: '4711',
      name: undefined,
      email: undefined,
      avatar: undefined,
      rawData: { userInfo: user, userEmails: [] },
    });
  });

  it.each([[null], [undefined], [0], [''], ['4711'], [-1], [1.5]])(
    'AL-08: is nobody with the id %j',
    async (id) => {
      github.script({ [API.user]: json({ ...USER, id }) });
      expect((await refusalOf(exchange())).code).toBe('connector.invalid_response');
    },
  );

  it('is asked for with the token in the header, and with no secret in any address', async () => {
    await exchange();
    for (const route of Object.values(API))
      expect(github.requestTo(route).headers).toMatchObject({
        authorization: 'Bearer the-access-token',
        accept: 'application/json',
      });
    expect(github.addresses.sort()).toEqual([
      '/api/v3/user',
      '/api/v3/user/emails',
      '/login/oauth/access_token',
    ]);
  });

  it.each(withRows(profileFaults, { '401': '2.2 row 9', '500': '2.2 row 12' }))(
    'is not known by %s',
    async (_, answer, code) => {
      github.script({ [API.user]: answer });
      expect((await refusalOf(exchange())).code).toBe(code);
      expect(github.requestsTo(API.user)).toHaveLength(1);
    },
  );

  it.each([API.user, API.emails])('CE-07: cannot be asked for while %s is limited', async (route) => {
    const reset = String(Math.floor(Date.now() / 1000) + 600);
    const limits = [
      withHeaders({ message: 'secondary rate limit' }, 403, { 'retry-after': '17' }),
      withHeaders({}, 429, { 'retry-after': '17' }),
      withHeaders({}, 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }),
    ];
    const seconds: (number | undefined)[] = [];
    for (const limit of limits) {
      github.script({ [route]: limit });
      const { code, retryAfterSeconds } = await refusalOf(exchange());
      expect(code).toBe('connector.rate_limited');
      seconds.push(retryAfterSeconds);
    }
    expect(seconds.slice(0, 2)).toEqual([17, 17]);
    expect(seconds[2]).toBeGreaterThan(500);
    expect(seconds[2]).toBeLessThanOrEqual(600);
  });

  it("keeps GitHub's own words about a refused token, without what could be one", async () => {
    github.script({
      [API.user]: json({ message: 'Bad credentials: gho_16C7e42F292c6912E7710c838347Ae178B4a' }, 401),
    });
    expect((await refusalOf(exchange())).upstream).toMatchObject({
      status: 401,
      description: 'Bad credentials: [redacted]',
    });
  });

  it('Logto 2.7: is waited for no longer than five seconds, and asked for once', async () => {
    github.script({ [API.user]: hang });
    expect((await refusalOf(exchange())).code).toBe('connector.provider_timeout');
    expect(github.requestsTo(API.user)).toHaveLength(1);
  });
});

describe('a callback of GitHub', () => {
  const denied = {
    error: 'access_denied',
    error_description: 'The user has denied your application access.',
    error_uri: 'https://docs.github.com/',
  };

  // Whoever cancels is told the same at every provider, and GitHub's text stays out of the browser.
  it.each([
    ['Logto 2.2 row 10: with an address of an explanation', denied],
    ['Logto 2.2 row 11: without one', { error: 'access_denied' }],
  ])('that says no is a cancelled sign-in, %s', async (_, parameters) => {
    const { code, message } = await refusalOf(exchange(parameters));
    expect(code).toBe('auth.access_denied');
    expect(message).not.toContain('denied your application');
    expect(github.requests).toEqual([]);
  });

  it.each([
    ['an error that we cannot name', { error: 'something_else', error_description: 'x' }],
    ['neither code nor error', {}],
    ['an empty code', { code: '' }],
  ])('with %s cannot be used: Logto 2.2 row 11', async (_, parameters) => {
    expect((await refusalOf(exchange(parameters))).code).toBe('auth.callback_invalid');
    expect(github.requests).toEqual([]);
  });

  it('of another issuer is refused before its code is spent (RFC 9207)', async () => {
    const refusal = await refusalOf(exchange({ code: 'the-code', iss: 'https://elsewhere.example' }));
    expect(refusal.code).toBe('auth.iss_mismatch');
    expect(github.requests).toEqual([]);
  });
});
