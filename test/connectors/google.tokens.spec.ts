import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { json, type Reaction } from '../support/hostile-issuer-http.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { tokenFaults, withRows } from '../support/provider-faults.js';
import { held, NOW, refusalOf, REQUEST, revealed } from '../support/round-trip.js';
import { hang, withHeaders, type Script } from '../support/scripted-provider.js';
import { ADA, connector, googleAt, signIn } from './google-account.js';

let google: HostileIssuer;

beforeAll(async () => {
  google = await HostileIssuer.start({ authentication: 'post', algorithm: 'RS256' });
});

beforeEach(() => {
  google.behave();
  google.person = ADA;
  google.requests.length = 0;
});

afterAll(() => google.close());

/** The token endpoint answers like this, whatever it is asked. */
const tokenAnswers = (script: Script) =>
  google.bend({
    answers: {
      token: async () => (typeof script === 'function' ? script(google.requestsTo('token')[0]) : script),
    },
  });

/** The tokens of a code, with something else in some places. */
const bentTokens = (more: Record<string, unknown>) =>
  google.bend({
    answers: { token: (good) => json({ ...(JSON.parse(good.body) as object), ...more }) },
  });

const instance = () => googleAt(google, {}, true);
const stored = async () => (await signIn(instance())).tokenSet;
const refresh = () => connector.refresh(instance(), held('the-access-token', 'the-refresh-token'));
const revoke = (refreshToken?: string) =>
  connector.revoke(instance(), held('the-access-token', refreshToken));

const GOOD = { access_token: 'the-access-token', token_type: 'Bearer', expires_in: 3599, scope: 'openid' };

describe('a code of Google', () => {
  it('Logto 2.3 row 3: becomes tokens that expire by our clock', async () => {
    const [known, [accessToken, refreshToken]] = [await stored(), google.secrets.slice(-2)];
    expect(revealed(known)).toEqual({
      accessToken,
      refreshToken,
      tokenType: 'Bearer',
      scope: ['openid', 'profile', 'email'],
      expiresAt: NOW + 3600,
    });
  });

  it('is spent once, with verifier and credentials in the form and in no address', async () => {
    await stored();
    const { id, secret } = google.client;
    const [{ form, query, headers }, ...others] = google.requestsTo('token');
    expect(others).toEqual([]);
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: id,
      client_secret: secret,
      grant_type: 'authorization_code',
      redirect_uri: REQUEST.redirectUri,
      code_verifier: REQUEST.codeVerifier,
    });
    expect([...query]).toEqual([]);
    expect(headers.authorization).toBeUndefined();
    expect(google.requests.map((request) => request.query.toString()).join()).not.toContain('secret');
  });

  it('CE-30: may bring no refresh token', async () => {
    bentTokens({ refresh_token: undefined });
    expect((await stored())?.refreshToken).toBeUndefined();
  });

  it('CE-31: brings the scopes that the person has left ticked', async () => {
    bentTokens({ scope: 'openid https://www.googleapis.com/auth/userinfo.email' });
    expect(await stored()).toMatchObject({
      scope: ['openid', 'https://www.googleapis.com/auth/userinfo.email'],
    });
  });

  it('CE-32: may bring a refresh token that ends soon, and is good all the same', async () => {
    bentTokens({ refresh_token_expires_in: 604_799 });
    expect(await stored()).toMatchObject({ expiresAt: NOW + 3600 });
  });

  it('CE-35: becomes a bearer token in any spelling', async () => {
    bentTokens({ token_type: 'BEARER' });
    expect(await stored()).toMatchObject({ tokenType: 'Bearer' });
  });

  // Row 4: Logto says of an empty access token that the code is wrong.
  it.each(withRows(tokenFaults(GOOD), { 'CE-37: an empty access_token': '2.3 row 4' }))(
    'is spent once, whatever comes of it: %s',
    async (_, answer, code) => {
      tokenAnswers(answer);
      expect((await refusalOf(stored())).code).toBe(code);
      expect(google.requestsTo('token')).toHaveLength(1);
    },
  );

  it.each([
    ['token_type DPoP', { token_type: 'DPoP' }],
    ['token_type MAC', { token_type: 'MAC' }],
  ])('CE-35: is nothing with a %s, though all else is good', async (_, more) => {
    bentTokens(more);
    expect((await refusalOf(stored())).code).toBe('connector.invalid_response');
  });

  it.each([
    ['an ID token that is missing', { id_token: undefined }, 'connector.invalid_response'],
    ['an ID token that is none', { id_token: 'none' }, 'connector.invalid_response'],
  ])('tells nobody by %s', async (_, more, code) => {
    bentTokens(more);
    expect((await refusalOf(stored())).code).toBe(code);
  });

  it('Logto 2.7: is spent once where no answer comes', async () => {
    tokenAnswers(hang);
    expect((await refusalOf(stored())).code).toBe('connector.provider_timeout');
    expect(google.requestsTo('token')).toHaveLength(1);
  });

  it.each([
    ['a code that is spent', 'invalid_grant', 400, 'connector.social_auth_code_invalid'],
    ['a wrong secret', 'invalid_client', 401, 'connector.misconfigured'],
    ['another address', 'redirect_uri_mismatch', 400, 'connector.misconfigured'],
  ])('is refused with a reason for administrators: %s', async (_, error, status, code) => {
    tokenAnswers(json({ error, error_description: 'Token 4/0AX4XfWh1234567890abcdef is bad.' }, status));
    const refusal = await refusalOf(stored());
    expect(refusal).toMatchObject({
      code,
      upstream: { status, code: error, description: 'Token [redacted] is bad.' },
    });
    expect(refusal.message).not.toContain(error);
    expect(google.requestsTo('token')).toHaveLength(1);
  });
});

describe("Google's refresh", () => {
  it('Logto 2.7: gives a new access token by the refresh token and the credentials', async () => {
    tokenAnswers(json({ ...GOOD, access_token: 'next-access', refresh_token: 'next-refresh' }));
    expect(revealed(await refresh())).toMatchObject({
      accessToken: 'next-access',
      refreshToken: 'next-refresh',
      scope: ['openid'],
      expiresAt: NOW + 3599,
    });
    const { id, secret } = google.client;
    expect(Object.fromEntries(google.requestsTo('token')[0].form)).toEqual({
      client_id: id,
      client_secret: secret,
      grant_type: 'refresh_token',
      refresh_token: 'the-refresh-token',
    });
  });

  it('CE-29: says nothing of a refresh token that did not come', async () => {
    tokenAnswers(json(GOOD));
    expect((await refresh()).refreshToken).toBeUndefined();
  });

  const refusals: [string, Record<string, string>, RegExp][] = [
    [
      'invalid_grant',
      { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      /expired or revoked/,
    ],
    [
      'admin_policy_enforced',
      { error: 'admin_policy_enforced', error_description: 'Restricted by the administrator.' },
      /administrator/,
    ],
    [
      'the subtype invalid_rapt',
      {
        error: 'invalid_grant',
        error_subtype: 'invalid_rapt',
        error_description: 'reauth related error (invalid_rapt)',
      },
      /invalid_rapt/,
    ],
  ];
  it.each(refusals)('CE-28: finds the grant gone by %s, and asks once', async (_, body, reason) => {
    tokenAnswers(json(body, 400));
    const { code, upstream } = await refusalOf(refresh());
    expect(code).toBe('connector.grant_invalid');
    expect(upstream).toMatchObject({ status: 400, code: body['error'] });
    expect(upstream?.description).toMatch(reason);
    expect(google.requestsTo('token')).toHaveLength(1);
  });

  it.each([
    ...tokenFaults(GOOD),
    ['a wrong secret', json({ error: 'invalid_client' }, 401), 'connector.misconfigured'] as const,
  ])('never blames the grant for %s, and asks once', async (_, answer, code) => {
    tokenAnswers(answer);
    expect((await refusalOf(refresh())).code).toBe(code);
    expect(google.requestsTo('token')).toHaveLength(1);
  });

  it('says when to come back', async () => {
    tokenAnswers(withHeaders({}, 429, { 'retry-after': '30' }));
    expect(await refusalOf(refresh())).toMatchObject({
      code: 'connector.rate_limited',
      retryAfterSeconds: 30,
    });
  });

  it('sends nothing where no refresh token is held', async () => {
    const refusal = await refusalOf(connector.refresh(instance(), held('the-access-token')));
    expect(refusal.code).toBe('connector.grant_invalid');
    expect(google.requests).toEqual([]);
  });
});

describe("Google's revocation", () => {
  it.each([
    ['of the refresh token, and with it the grant', 'the-refresh-token', 'the-refresh-token'],
    ['of the access token where there is no other', undefined, 'the-access-token'],
  ])('is %s', async (_, refreshToken, token) => {
    await revoke(refreshToken);
    const [{ form, query }] = google.requestsTo('revocation');
    expect(form.get('token')).toBe(token);
    expect([...query]).toEqual([]);
  });

  const failures: [string, Reaction, string][] = [
    ['a limit', json({}, 429), 'connector.rate_limited'],
    ['an outage', json({}, 503), 'connector.provider_unavailable'],
  ];
  it.each(failures)('says why it is not done: %s', async (_, answer, code) => {
    google.bend({ answers: { revocation: () => answer } });
    expect((await refusalOf(revoke())).code).toBe(code);
    expect(google.requestsTo('revocation')).toHaveLength(1);
  });
});
