import { describe, expect, it } from '@jest/globals';
import { HttpClient } from '../../src/common/http-client.js';
import { XConnector } from '../../src/connectors/providers/x.connector.js';
import { json } from '../support/hostile-issuer-http.js';
import { tokenFaults, withRows } from '../support/provider-faults.js';
import {
  callbackWith,
  CLIENT_SECRET,
  credentialsIn,
  held,
  instanceOf,
  NOW,
  refusalOf,
  REQUEST,
  revealed,
  StoppedClock,
} from '../support/round-trip.js';
import { hang, scriptedProvider, withHeaders } from '../support/scripted-provider.js';

const TOKEN = 'POST /2/oauth2/token';
const REVOCATION = 'POST /2/oauth2/revoke';

const TOKENS = {
  access_token: 'the-access-token',
  token_type: 'bearer',
  expires_in: 7200,
  scope: 'tweet.read users.read offline.access',
  refresh_token: 'the-refresh-token',
};

const connector = new XConnector(new HttpClient(), new StoppedClock());

const x = scriptedProvider({
  [TOKEN]: json(TOKENS),
  'GET /2/users/me': json({ data: { id: '2244994945' } }),
  [REVOCATION]: json({ revoked: true }),
});

const instance = () =>
  instanceOf(connector, { clientId: 'our-app', endpoint: x.origin, apiEndpoint: x.origin }, true);
const exchange = () => connector.exchange(instance(), callbackWith());
const refresh = () => connector.refresh(instance(), held('the-access-token', 'the-refresh-token'));
const revoke = (refreshToken?: string) =>
  connector.revoke(instance(), held('the-access-token', refreshToken));

const refused = (error: string, error_description: string, status = 400) =>
  json({ error, error_description }, status);

const OURS = ['our-app', CLIENT_SECRET];

describe('a code of X', () => {
  it('Logto 2.4 row 3: becomes tokens that expire by our clock', async () => {
    expect(revealed((await exchange()).tokenSet)).toEqual({
      accessToken: 'the-access-token',
      refreshToken: 'the-refresh-token',
      tokenType: 'Bearer',
      scope: ['tweet.read', 'users.read', 'offline.access'],
      expiresAt: NOW + 7200,
    });
  });

  it('is spent with the verifier, and with the credentials in the header alone', async () => {
    await exchange();
    const { form, headers } = x.requestTo(TOKEN);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: REQUEST.redirectUri,
      code_verifier: REQUEST.codeVerifier,
    });
    expect(credentialsIn(headers.authorization)).toEqual(OURS);
    expect(x.addresses.join()).not.toContain(CLIENT_SECRET);
  });

  it.each(tokenFaults(TOKENS))('is spent once, whatever comes of it: %s', async (_, answer, code) => {
    x.script({ [TOKEN]: answer });
    expect((await refusalOf(exchange())).code).toBe(code);
    expect(x.requests).toHaveLength(1);
  });

  // Logto says of a 401 that the access token is wrong; here it is our client that is.
  it.each(
    withRows(
      [
        [
          '400 for a code that is spent',
          refused('invalid_request', 'Value passed for the authorization code was invalid.'),
          'connector.social_auth_code_invalid',
        ],
        [
          '401',
          refused('unauthorized_client', 'Missing valid authorization header', 401),
          'connector.misconfigured',
        ],
        ['401 without a reason', json({}, 401), 'connector.misconfigured'],
      ],
      { '400 for a code that is spent': '2.7', '401': '2.7' },
    ),
  )('is refused: %s', async (_, answer, code) => {
    x.script({ [TOKEN]: answer });
    expect((await refusalOf(exchange())).code).toBe(code);
    expect(x.requests).toHaveLength(1);
  });

  it('Logto 2.7: is spent once where no answer comes', async () => {
    x.script({ [TOKEN]: hang });
    expect((await refusalOf(exchange())).code).toBe('connector.provider_timeout');
    expect(x.requests).toHaveLength(1);
  });
});

describe("X's refresh", () => {
  it('gives a new pair of tokens', async () => {
    const pair = { access_token: 'next-access', refresh_token: 'next-refresh' };
    x.script({ [TOKEN]: json({ ...TOKENS, ...pair }) });
    expect(revealed(await refresh())).toMatchObject({
      accessToken: 'next-access',
      refreshToken: 'next-refresh',
      expiresAt: NOW + 7200,
    });
    const { form, headers } = x.requestTo(TOKEN);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'the-refresh-token',
    });
    expect(credentialsIn(headers.authorization)).toEqual(OURS);
  });

  it('says nothing of a refresh token, scope and end that did not come', async () => {
    x.script({ [TOKEN]: json({ access_token: 'next-access', token_type: 'bearer' }) });
    expect(revealed(await refresh())).toEqual({
      accessToken: 'next-access',
      refreshToken: undefined,
      tokenType: 'Bearer',
      scope: undefined,
      expiresAt: undefined,
    });
  });

  it("CE-24: finds the grant gone by X's words for a spent token, and asks once", async () => {
    x.script({ [TOKEN]: refused('invalid_request', 'Value passed for the token was invalid.') });
    expect(await refusalOf(refresh())).toMatchObject({
      code: 'connector.grant_invalid',
      upstream: { code: 'invalid_request', description: 'Value passed for the token was invalid.' },
    });
    expect(x.requests).toHaveLength(1);
  });

  it.each([
    [
      'a request that is malformed',
      refused('invalid_request', 'Missing required parameter [refresh_token].'),
      'connector.invalid_response',
    ] as const,
    [
      'a client that is refused',
      refused('unauthorized_client', 'Missing valid authorization header', 401),
      'connector.misconfigured',
    ] as const,
    ...tokenFaults(TOKENS),
  ])('never blames the grant for %s, and asks once', async (_, answer, code) => {
    x.script({ [TOKEN]: answer });
    expect((await refusalOf(refresh())).code).toBe(code);
    expect(x.requests).toHaveLength(1);
  });

  it('CE-25: says when the limit ends', async () => {
    const reset = Math.floor(Date.now() / 1000) + 120;
    x.script({ [TOKEN]: withHeaders({}, 429, { 'x-rate-limit-reset': String(reset) }) });
    const { code, retryAfterSeconds } = await refusalOf(refresh());
    expect(code).toBe('connector.rate_limited');
    expect(retryAfterSeconds).toBeGreaterThan(60);
    expect(retryAfterSeconds).toBeLessThanOrEqual(120);
  });

  it('sends nothing where no refresh token is held', async () => {
    const refusal = await refusalOf(connector.refresh(instance(), held('the-access-token')));
    expect(refusal.code).toBe('connector.grant_invalid');
    expect(x.requests).toEqual([]);
  });
});

describe("X's revocation", () => {
  it.each([
    ['of the refresh token, and with it the grant', 'the-refresh-token', 'the-refresh-token'],
    ['of the access token where there is no other', undefined, 'the-access-token'],
  ])('is %s', async (_, refreshToken, token) => {
    await revoke(refreshToken);
    const { form, headers } = x.requestTo(REVOCATION);
    expect(form.get('token')).toBe(token);
    expect(form.has('client_secret')).toBe(false);
    expect(credentialsIn(headers.authorization)).toEqual(OURS);
  });

  it.each([
    ['credentials that are refused', json({ error: 'invalid_client' }, 401), 'connector.misconfigured'],
    ['a limit', json({}, 429), 'connector.rate_limited'],
    ['an outage', json({}, 503), 'connector.provider_unavailable'],
  ])('says why it is not done: %s', async (_, answer, code) => {
    x.script({ [REVOCATION]: answer });
    expect((await refusalOf(revoke())).code).toBe(code);
    expect(x.requests).toHaveLength(1);
  });
});

describe("a check of the application's credentials at X", () => {
  it('passes where only the made-up code is refused', async () => {
    x.script({ [TOKEN]: refused('invalid_request', 'Value passed for the authorization code was invalid.') });
    await expect(connector.verifyCredentials(instance())).resolves.toBeUndefined();
  });

  it('fails where the credentials are', async () => {
    x.script({ [TOKEN]: refused('unauthorized_client', 'Missing valid authorization header', 401) });
    const refusal = await refusalOf(connector.verifyCredentials(instance()));
    expect(refusal.code).toBe('connector.misconfigured');
  });
});
