import { describe, expect, it } from '@jest/globals';
import { HttpClient } from '../../src/common/http-client.js';
import { GithubConnector } from '../../src/connectors/providers/github.connector.js';
import { json } from '../support/hostile-issuer-http.js';
import { tokenFaults, withRows } from '../support/provider-faults.js';
import {
  callbackWith,
  CLIENT_SECRET,
  held,
  instanceOf,
  NOW,
  refusalOf,
  REQUEST,
  revealed,
  StoppedClock,
} from '../support/round-trip.js';
import { hang, scriptedProvider, textReply, withHeaders } from '../support/scripted-provider.js';

const TOKEN = 'POST /login/oauth/access_token';
const GRANT = 'DELETE /api/v3/applications/our-app/grant';

const TOKENS = { access_token: 'the-access-token', scope: 'read:user,user:email', token_type: 'bearer' };
const APP_TOKENS = {
  ...TOKENS,
  expires_in: 28800,
  refresh_token: 'the-refresh-token',
  refresh_token_expires_in: 15897600,
};

const connector = new GithubConnector(new HttpClient(), new StoppedClock());

const github = scriptedProvider({
  [TOKEN]: json(TOKENS),
  'GET /api/v3/user': json({ id: 4711, login: 'mona' }),
  'GET /api/v3/user/emails': json([]),
  [GRANT]: { status: 204, headers: {}, body: '' },
});

const instance = () => instanceOf(connector, { clientId: 'our-app', endpoint: github.origin });
const exchange = () => connector.exchange(instance(), callbackWith());
const tokenSet = async () => revealed((await exchange()).tokenSet);
const refresh = () => connector.refresh(instance(), held('the-access-token', 'the-refresh-token'));
const revoke = () => connector.revoke(instance(), held('the-access-token'));

/** GitHub says with status 200 that it refuses. */
const refused = (error: string, error_description: string) =>
  json({ error, error_description, error_uri: 'https://docs.github.com/' });

describe('a code of GitHub', () => {
  it('Logto 2.2 row 3: becomes an access token that never expires', async () => {
    expect(await tokenSet()).toEqual({
      accessToken: 'the-access-token',
      refreshToken: undefined,
      tokenType: 'Bearer',
      scope: ['read:user', 'user:email'],
      expiresAt: undefined,
    });
  });

  it('becomes tokens that expire by our clock, at a GitHub App', async () => {
    github.script({ [TOKEN]: json({ ...APP_TOKENS, scope: '' }) });
    expect(await tokenSet()).toMatchObject({
      refreshToken: 'the-refresh-token',
      expiresAt: NOW + 28800,
      scope: undefined,
    });
  });

  it('is spent with verifier and credentials in the form', async () => {
    await exchange();
    const { form, headers } = github.requestTo(TOKEN);
    expect(Object.fromEntries(form)).toEqual({
      client_id: 'our-app',
      client_secret: CLIENT_SECRET,
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: REQUEST.redirectUri,
      code_verifier: REQUEST.codeVerifier,
    });
    expect(headers.accept).toBe('application/json');
    expect(headers.authorization).toBeUndefined();
  });

  it('CE-02: may become a form although JSON was asked for', async () => {
    const form = 'access_token=the-access-token&scope=repo%2Cgist&token_type=bearer&expires_in=60';
    github.script({ [TOKEN]: textReply(form, 'application/x-www-form-urlencoded; charset=utf-8') });
    expect(await tokenSet()).toMatchObject({
      accessToken: 'the-access-token',
      scope: ['repo', 'gist'],
      expiresAt: NOW + 60,
    });
  });

  it('CE-35: becomes a bearer token in any spelling', async () => {
    github.script({ [TOKEN]: json({ ...TOKENS, token_type: 'BEARER' }) });
    expect(await tokenSet()).toMatchObject({ tokenType: 'Bearer' });
  });

  it.each([
    ['CE-01', 'bad_verification_code', 'connector.social_auth_code_invalid'],
    ['CE-04', 'incorrect_client_credentials', 'connector.misconfigured'],
    ['CE-04', 'redirect_uri_mismatch', 'connector.misconfigured'],
    ['CE-05', 'unverified_user_email', 'auth.access_denied'],
    ['an unknown code', 'something_else', 'connector.invalid_response'],
  ])('%s: refused as %s is %s, and only administrators see why', async (_, error, code) => {
    github.script({ [TOKEN]: refused(error, 'It has gho_16C7e42F292c6912E7710c838347Ae178B4a in it.') });
    const refusal = await refusalOf(exchange());
    expect(refusal.code).toBe(code);
    expect(refusal.message).not.toContain(error);
    expect(refusal.data).toBeUndefined();
    expect(refusal.upstream).toMatchObject({ code: error, description: 'It has [redacted] in it.' });
    expect(github.requests).toHaveLength(1);
  });

  it('CE-01, CE-02: may be refused as a form', async () => {
    github.script({ [TOKEN]: textReply('error=bad_verification_code', 'application/x-www-form-urlencoded') });
    expect((await refusalOf(exchange())).code).toBe('connector.social_auth_code_invalid');
  });

  // Row 4: Logto says of an empty access token that the code is wrong.
  it.each(withRows(tokenFaults(TOKENS), { 'CE-37: an empty access_token': '2.2 row 4' }))(
    'is spent once, whatever comes of it: %s',
    async (_, answer, code) => {
      github.script({ [TOKEN]: answer });
      expect((await refusalOf(exchange())).code).toBe(code);
      expect(github.requests).toHaveLength(1);
    },
  );

  it('Logto 2.7: is spent once where no answer comes', async () => {
    github.script({ [TOKEN]: hang });
    expect((await refusalOf(exchange())).code).toBe('connector.provider_timeout');
    expect(github.requests).toHaveLength(1);
  });
});

describe("GitHub's refresh", () => {
  it('Logto 2.7: gives a new pair of tokens', async () => {
    const pair = { access_token: 'next-access', refresh_token: 'next-refresh' };
    github.script({ [TOKEN]: json({ ...APP_TOKENS, ...pair }) });
    expect(revealed(await refresh())).toMatchObject({
      accessToken: 'next-access',
      refreshToken: 'next-refresh',
      expiresAt: NOW + 28800,
    });
    expect(Object.fromEntries(github.requestTo(TOKEN).form)).toEqual({
      client_id: 'our-app',
      client_secret: CLIENT_SECRET,
      grant_type: 'refresh_token',
      refresh_token: 'the-refresh-token',
    });
  });

  it('CE-06: finds the grant gone by bad_refresh_token with 200, and asks once', async () => {
    github.script({ [TOKEN]: refused('bad_refresh_token', 'The refresh token is incorrect or expired.') });
    expect(await refusalOf(refresh())).toMatchObject({
      code: 'connector.grant_invalid',
      upstream: { code: 'bad_refresh_token', description: 'The refresh token is incorrect or expired.' },
    });
    expect(github.requests).toHaveLength(1);
  });

  it('does not blame the grant for credentials that are wrong', async () => {
    github.script({ [TOKEN]: refused('incorrect_client_credentials', '') });
    expect((await refusalOf(refresh())).code).toBe('connector.misconfigured');
  });

  it.each(tokenFaults(TOKENS))('never blames the grant for %s, and asks once', async (_, answer, code) => {
    github.script({ [TOKEN]: answer });
    expect((await refusalOf(refresh())).code).toBe(code);
    expect(github.requests).toHaveLength(1);
  });

  it('CE-07: says when to come back', async () => {
    github.script({ [TOKEN]: withHeaders({}, 429, { 'retry-after': '60' }) });
    expect(await refusalOf(refresh())).toMatchObject({
      code: 'connector.rate_limited',
      retryAfterSeconds: 60,
    });
  });

  it('sends nothing where no refresh token is held', async () => {
    const refusal = await refusalOf(connector.refresh(instance(), held('the-access-token')));
    expect(refusal.code).toBe('connector.grant_invalid');
    expect(github.requests).toEqual([]);
  });
});

describe("GitHub's revocation", () => {
  it('ends the grant, with the credentials in the header', async () => {
    await revoke();
    const { headers, body } = github.requestTo(GRANT);
    expect(headers.authorization).toBe(`Basic ${btoa(`our-app:${CLIENT_SECRET}`)}`);
    expect(JSON.parse(body)).toEqual({ access_token: 'the-access-token' });
    expect(github.addresses).toEqual(['/api/v3/applications/our-app/grant']);
  });

  it.each([404, 422])('is done where the token is one no longer: %d', async (status) => {
    github.script({ [GRANT]: json({}, status) });
    await expect(revoke()).resolves.toBeUndefined();
  });

  it.each([404, 422])('ends the grant of a GitHub App whose access token is over: %d', async (status) => {
    const isNew = (body: string) => body.includes('next-access');
    github.script({
      [GRANT]: ({ body }) => (isNew(body) ? { status: 204, headers: {}, body: '' } : json({}, status)),
      [TOKEN]: json({ ...APP_TOKENS, access_token: 'next-access' }),
    });
    await connector.revoke(instance(), held('the-access-token', 'the-refresh-token'));
    expect(github.requestsTo(GRANT).map(({ body }) => isNew(body))).toEqual([false, true]);
    expect(github.requestTo(TOKEN).form.get('refresh_token')).toBe('the-refresh-token');
  });

  it('finds the grant of a GitHub App over where its refresh token is too', async () => {
    github.script({ [GRANT]: json({}, 404), [TOKEN]: refused('bad_refresh_token', '') });
    const revoking = connector.revoke(instance(), held('the-access-token', 'the-refresh-token'));
    expect((await refusalOf(revoking)).code).toBe('connector.grant_invalid');
  });

  it.each([
    [401, 'connector.misconfigured'],
    [429, 'connector.rate_limited'],
    [500, 'connector.provider_unavailable'],
  ])('says why it is not done: %d', async (status, code) => {
    github.script({ [GRANT]: json({}, status) });
    expect((await refusalOf(revoke())).code).toBe(code);
    expect(github.requests).toHaveLength(1);
  });
});

describe("a check of the application's credentials at GitHub", () => {
  it.each([
    ['passes where only the made-up code is refused', 'bad_verification_code', undefined],
    ['fails where the credentials are', 'incorrect_client_credentials', 'connector.misconfigured'],
  ])('%s', async (_, error, code) => {
    github.script({ [TOKEN]: refused(error, '') });
    const outcome = await connector.verifyCredentials(instance()).catch((refusal: unknown) => refusal);
    expect((outcome as { code?: string } | undefined)?.code).toBe(code);
  });
});
