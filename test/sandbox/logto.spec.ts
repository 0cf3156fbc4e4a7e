import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

let sandbox: Sandbox;
let logto: RelyingParty;
let browser: Browser;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  logto = await RelyingParty.ofLogto(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  browser = new Browser(sandbox.url);
});

describe('signing in at Logto', () => {
  it('signs ID tokens by ES384 and puts the user’s claims into them', async () => {
    const tokens = await logto.signIn('alice');
    expect(decodeProtectedHeader(tokens.id_token ?? '')).toMatchObject({ alg: 'ES384' });
    expect(tokens.claims()).toMatchObject({
      sub: 'xw3jr9c2iw77',
      name: 'Alice Arden',
      email: 'alice@example.test',
      email_verified: true,
      auth_time: expect.any(Number),
    });
    expect(tokens.claims()).not.toHaveProperty('identities');
  });

  it('answers a code with access, refresh and ID token and the granted scope', async () => {
    const { claims: _claims, expiresIn: _expiresIn, ...tokens } = await logto.signIn('alice');
    expect(Object.keys(tokens).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    expect(tokens).toMatchObject({ expires_in: 3600, scope: 'openid profile email offline_access' });
  });

  it.each([
    ['bob', { email: 'bob@example.test', email_verified: false }],
    ['zoe', { name: 'Zoë 李 👩‍🚀', email_verified: true }],
    ['noor', { email: null }],
  ])('knows %s', async (persona, claims) => {
    expect((await logto.signIn(persona)).claims()).toMatchObject(claims);
  });

  it('authenticates a client by form as well as by HTTP Basic', async () => {
    const byForm = await RelyingParty.ofLogto(sandbox, client.ClientSecretPost);
    expect((await byForm.signIn('alice')).access_token).toBeTruthy();
  });

  it('names its issuer in the callback', async () => {
    const callback = await logto.authorize(await logto.begin(), 'alice');
    expect(callback.searchParams.get('iss')).toBe(`${sandbox.url}/oidc`);
  });

  it('tells the client that the person cancelled', async () => {
    const { url, checks } = await logto.begin();
    const { url: callback } = await browser.press(await browser.get(url.href), 'cancel');
    expect(callback.startsWith(`${applicationUrl}/auth/callback?`)).toBe(true);
    expect(Object.fromEntries(new URL(callback).searchParams)).toMatchObject({
      error: 'access_denied',
      state: checks.expectedState,
    });
  });

  it.each([
    [{}, '/sign-in?app_id=latchkey-sandbox'],
    [{ first_screen: 'register' }, '/register?app_id=latchkey-sandbox'],
    [{ interaction_mode: 'signUp' }, '/register?app_id=latchkey-sandbox'],
    [{ direct_sign_in: 'social:mockidp' }, '/direct/social/mockidp?app_id=latchkey-sandbox&fallback=sign-in'],
  ])('sends a browser with %j to %s', async (parameters: Record<string, string>, location) => {
    const { url } = await logto.begin(parameters);
    const answer = await fetch(url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, location]);
    expect((await browser.get(url.href)).body).toContain(
      '<button class="persona" name="persona" value="alice">',
    );
  });

  it('lets the sign-in page redirect to the client and nowhere else', async () => {
    const { url } = await logto.begin();
    const { headers } = await browser.get(url.href);
    expect(headers.get('content-security-policy')).toContain(`form-action 'self' ${applicationUrl};`);
  });

  it('does not ask again while the session lasts, even with prompt=consent', async () => {
    await logto.signIn('alice', {}, browser);
    const callback = await logto.authorize(await logto.begin({ prompt: 'consent' }, browser), 'bob');
    const { url } = await browser.get((await logto.begin({ prompt: 'none' })).url.href);
    expect(callback.searchParams.has('code')).toBe(true);
    expect(new URL(url).searchParams.has('code')).toBe(true);
  });

  it('asks again with prompt=login, and takes another person for an answer', async () => {
    await logto.signIn('alice', {}, browser);
    const tokens = await logto.signIn('bob', { prompt: 'login' }, browser);
    expect(tokens.claims()).toMatchObject({ email: 'bob@example.test' });
  });

  it('refuses prompt=none without a session', async () => {
    const { url } = await browser.get((await logto.begin({ prompt: 'none' })).url.href);
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
  });

  it('says that a sign-in is over when its cookie is not there', async () => {
    const answer = await fetch(`${sandbox.url}/sign-in?app_id=latchkey-sandbox`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('This sign-in is over'),
    ]);
  });
});

describe('codes and tokens of Logto', () => {
  it('requires PKCE', async () => {
    const { url } = await logto.begin();
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const { url: callback } = await browser.get(url.href);
    expect(new URL(callback).searchParams.get('error')).toBe('invalid_request');
  });

  it('refuses a wrong code verifier', async () => {
    const authorization = await logto.begin();
    const callback = await logto.authorize(authorization, 'alice');
    const checks = { ...authorization.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await expect(logto.redeem(callback, checks)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('redeems a code once, however many ask at the same time', async () => {
    const authorization = await logto.begin();
    const callback = await logto.authorize(authorization, 'alice');
    const redemptions = Array.from({ length: 20 }, () => logto.redeem(callback, authorization.checks));
    const outcomes = await Promise.allSettled(redemptions);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ error: 'invalid_grant', status: 400 });
    }
  });

  it('gives an opaque access token without a resource and an at+jwt for a resource', async () => {
    const resource = 'https://api.example.test/';
    const authorization = await logto.begin({ resource, scope: 'openid offline_access read:orders' });
    const callback = await logto.authorize(authorization, 'alice');
    const opaque = await logto.redeem(callback, authorization.checks);
    const jwt = await client.refreshTokenGrant(logto.configuration, opaque.refresh_token ?? '', { resource });
    expect(opaque.access_token).not.toContain('.');
    expect(decodeProtectedHeader(jwt.access_token)).toMatchObject({ alg: 'ES384', typ: 'at+jwt' });
    expect(jwt.scope).toBe('read:orders');
  });

  it('refreshes without rotating a young token', async () => {
    const { refresh_token: refreshToken = '' } = await logto.signIn('alice');
    const refreshed = await client.refreshTokenGrant(logto.configuration, refreshToken);
    expect(refreshed).toMatchObject({
      refresh_token: refreshToken,
      scope: 'openid profile email offline_access',
    });
  });

  it('serves userinfo with the claims that an ID token leaves out', async () => {
    const { access_token: accessToken } = await logto.signIn('alice');
    expect(await client.fetchUserInfo(logto.configuration, accessToken, 'xw3jr9c2iw77')).toMatchObject({
      email: 'alice@example.test',
    });
  });

  it('introspects a token until it is revoked, and the whole grant goes with the refresh token', async () => {
    const { access_token: accessToken, refresh_token: refreshToken = '' } = await logto.signIn('alice');
    expect(await client.tokenIntrospection(logto.configuration, accessToken)).toMatchObject({ active: true });
    await client.tokenRevocation(logto.configuration, refreshToken);
    expect(await client.tokenIntrospection(logto.configuration, accessToken)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(logto.configuration, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('accepts Logto’s own scopes', async () => {
    const scope = 'openid identities roles urn:logto:scope:organizations';
    const tokens = await logto.signIn('alice', { scope });
    expect(tokens.scope).toBe(scope);
    const identities = await client.fetchUserInfo(logto.configuration, tokens.access_token, 'xw3jr9c2iw77');
    expect(identities).toMatchObject({ identities: {}, roles: ['support'] });
  });
});

describe('leaving Logto', () => {
  const leaveWith = (idToken: string | undefined): URL =>
    client.buildEndSessionUrl(logto.configuration, {
      id_token_hint: idToken ?? '',
      post_logout_redirect_uri: `${applicationUrl}/`,
      state: 'left',
    });

  it('ends the session without a script and returns to the application', async () => {
    const tokens = await logto.signIn('alice', {}, browser);
    expect((await browser.get(leaveWith(tokens.id_token).href)).url).toBe(`${applicationUrl}/?state=left`);
    const { url } = await browser.get((await logto.begin({ prompt: 'none' }, browser)).url.href);
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
  });

  it('ends the tokens of the session, and leaves those of offline access alive', async () => {
    const bound = await logto.signIn('alice', { scope: 'openid' }, browser);
    await browser.get(leaveWith(bound.id_token).href);
    expect(await client.tokenIntrospection(logto.configuration, bound.access_token)).toEqual({
      active: false,
    });
    const offline = await logto.signIn('alice', {}, browser);
    await browser.get(leaveWith(offline.id_token).href);
    expect(
      (await client.refreshTokenGrant(logto.configuration, offline.refresh_token ?? '')).access_token,
    ).toBeTruthy();
  });

  it('returns to the application also when there is no session', async () => {
    const leave = new URL(`${sandbox.url}/oidc/session/end?client_id=latchkey-sandbox`);
    leave.searchParams.set('post_logout_redirect_uri', `${applicationUrl}/`);
    expect((await browser.get(leave.href)).url).toBe(`${applicationUrl}/`);
  });

  it('says goodbye where no address was given', async () => {
    expect((await browser.get(`${sandbox.url}/oidc/session/end`)).body).toContain('<h1>Signed out</h1>');
  });

  it('refuses an address that is not registered', async () => {
    const query = 'client_id=latchkey-sandbox&post_logout_redirect_uri=http%3A%2F%2Fevil.example%2F';
    const answer = await fetch(`${sandbox.url}/oidc/session/end?${query}`);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        code: 'oidc.invalid_request',
        message: 'Request is invalid.',
        error: 'invalid_request',
        error_description: 'post_logout_redirect_uri not registered',
      },
    ]);
  });
});

describe('errors of Logto', () => {
  const post = (path: string, form: Record<string, string>, authorization?: string) =>
    fetch(`${sandbox.url}${path}`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: authorization === undefined ? {} : { authorization },
    });

  it('adds code and message to an unknown code', async () => {
    const { appId, appSecret } = sandbox.logto;
    const basic = `Basic ${Buffer.from(`${appId}:${appSecret}`).toString('base64')}`;
    const form = {
      grant_type: 'authorization_code',
      code: 'nope',
      redirect_uri: `${applicationUrl}/auth/callback`,
    };
    const answer = await post('/oidc/token', { ...form, code_verifier: 'v'.repeat(43) }, basic);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        code: 'oidc.invalid_grant',
        message: 'Grant request is invalid.',
        error_uri: 'https://openid.sh/debug/invalid_grant',
        error: 'invalid_grant',
        error_description: 'grant request is invalid',
      },
    ]);
  });

  it('answers an unknown client at the authorization endpoint as JSON', async () => {
    const query = new URLSearchParams({
      client_id: 'nobody',
      redirect_uri: 'http://a.test/',
      response_type: 'code',
      state: 'st',
    });
    const answer = await fetch(`${sandbox.url}/oidc/auth?${query.toString()}`, {
      headers: { accept: 'text/html' },
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        code: 'oidc.invalid_client',
        message: 'An OIDC error occurred: oidc.invalid_client.',
        error: 'invalid_client',
        error_description: expect.any(String),
        state: 'st',
        iss: `${sandbox.url}/oidc`,
      },
    ]);
  });

  it('challenges a userinfo request whose token it does not know', async () => {
    const answer = await fetch(`${sandbox.url}/oidc/me`, { headers: { authorization: 'Bearer nope' } });
    expect([answer.status, await answer.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'oidc.invalid_token' }),
    ]);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});
