import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';
const PROFILE = 'https://www.googleapis.com/auth/userinfo.profile';
const CALENDAR = 'https://www.googleapis.com/auth/calendar.readonly';
const offline = { access_type: 'offline' };
const gone = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.', status: 400 };

let sandbox: Sandbox;
let google: RelyingParty;
let browser: Browser;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  google = await RelyingParty.ofGoogle(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  browser = new Browser(sandbox.url);
  for (const persona of ['alice', 'bob', 'zoe', 'noor']) sandbox.revokeGoogleGrants(persona);
});

const refresh = (token: string | undefined) => client.refreshTokenGrant(google.configuration, token ?? '');
const userinfo = (token: string, method = 'GET') =>
  fetch(`${sandbox.google.issuer}/v1/userinfo`, { method, headers: { authorization: `Bearer ${token}` } });

describe('signing in at Google', () => {
  it('signs ID tokens by RS256 with Google’s claims', async () => {
    const tokens = await google.signIn('alice');
    expect(decodeProtectedHeader(tokens.id_token ?? '')).toMatchObject({
      alg: 'RS256',
      kid: expect.any(String),
    });
    const { iat = 0, exp = 0, ...claims } = decodeJwt(tokens.id_token ?? '');
    expect(exp - iat).toBe(3600);
    expect(claims).toEqual({
      iss: sandbox.google.issuer,
      azp: sandbox.google.clientId,
      aud: sandbox.google.clientId,
      sub: '104251876093517284601',
      email: 'alice@example.test',
      email_verified: true,
      name: 'Alice Arden',
      given_name: 'Alice',
      family_name: 'Arden',
      at_hash: expect.stringMatching(/^[\w-]{22}$/),
      nonce: expect.any(String),
    });
  });

  it('names the hosted domain of a company account', async () => {
    expect((await google.signIn('zoe')).claims()).toMatchObject({
      name: 'Zoë 李 👩‍🚀',
      hd: 'studio.example.test',
    });
  });

  it('has no e-mail for someone without one, and says when one is not verified', async () => {
    expect((await google.signIn('noor')).claims()).not.toHaveProperty('email');
    expect((await google.signIn('bob')).claims()).toMatchObject({
      email: 'bob@example.test',
      email_verified: false,
    });
  });

  it('answers with an opaque token of 3599 seconds and the scope in Google’s spelling', async () => {
    const tokens = await google.signIn('alice');
    expect(tokens).toMatchObject({
      access_token: expect.stringMatching(/^ya29\./),
      expires_in: 3599,
      token_type: 'bearer',
      scope: `openid ${PROFILE} ${EMAIL}`,
    });
  });

  it('authenticates a client by HTTP Basic as well as by form', async () => {
    const byBasic = await RelyingParty.ofGoogle(sandbox, client.ClientSecretBasic);
    expect((await byBasic.signIn('alice')).access_token).toMatch(/^ya29\./);
  });

  it('calls back with code, scope, authuser, prompt and state', async () => {
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      code: expect.stringMatching(/^4\/0A/),
      scope: `openid ${PROFILE} ${EMAIL}`,
      authuser: '0',
      prompt: 'consent',
      state: authorization.checks.expectedState,
    });
  });

  it.each(['the choice of an account', 'the consent'])(
    'tells the client that the person cancelled %s',
    async (step) => {
      const { url, checks } = await google.begin();
      let visit = await browser.get(url.href);
      if (step === 'the consent') visit = await browser.press(visit, 'persona', 'alice');
      const callback = new URL((await browser.press(visit, 'cancel')).url);
      expect(callback.origin + callback.pathname).toBe(`${applicationUrl}/callback/google`);
      expect(Object.fromEntries(callback.searchParams)).toEqual({
        error: 'access_denied',
        state: checks.expectedState,
      });
    },
  );

  it('answers prompt=none with interaction_required', async () => {
    const { url } = await browser.get((await google.begin({ prompt: 'none' })).url.href);
    expect(new URL(url).searchParams.get('error')).toBe('interaction_required');
  });

  it.each([
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ['a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, 'redirect_uri_mismatch'],
    ['another response type', { response_type: 'token' }, 'invalid_request'],
    ['a plain code challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
  ])(
    'answers %s on a page and sends nobody anywhere',
    async (_case, parameters: Record<string, string>, error) => {
      const { url } = await google.begin(parameters);
      const answer = await fetch(url, { redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(await answer.text()).toContain(`Error 400: ${error}`);
    },
  );

  it('lets its pages redirect to the client and nowhere else', async () => {
    const { headers } = await browser.get((await google.begin()).url.href);
    expect(headers.get('content-security-policy')).toContain(`form-action 'self' ${applicationUrl};`);
  });
});

describe('consent at Google', () => {
  const asksForConsent = async (parameters: Record<string, string> = {}): Promise<boolean> => {
    const { url } = await google.begin(parameters);
    const { body } = await browser.press(await browser.get(url.href), 'persona', 'alice');
    return body.includes('name="allow"');
  };

  it('is asked for once, for new scopes, and with prompt=consent', async () => {
    expect(await asksForConsent()).toBe(true);
    await google.signIn('alice');
    expect(await asksForConsent()).toBe(false);
    expect(await asksForConsent({ scope: `openid ${CALENDAR}` })).toBe(true);
    expect(await asksForConsent({ prompt: 'consent' })).toBe(true);
  });

  it('brings a refresh token to offline access the first time only', async () => {
    expect((await google.signIn('alice', offline)).refresh_token).toMatch(/^1\/\//);
    expect((await google.signIn('alice', offline)).refresh_token).toBeUndefined();
    expect((await google.signIn('alice', { ...offline, prompt: 'consent' })).refresh_token).toMatch(/^1\/\//);
  });

  it('brings no refresh token to online access', async () => {
    expect((await google.signIn('alice')).refresh_token).toBeUndefined();
  });

  it('gives the asked scopes, and the union with include_granted_scopes', async () => {
    await google.signIn('alice', { scope: 'openid email' });
    expect((await google.signIn('alice', { scope: `openid ${CALENDAR}` })).scope).toBe(`openid ${CALENDAR}`);
    const union = await google.signIn('alice', {
      scope: `openid ${CALENDAR}`,
      include_granted_scopes: 'true',
    });
    expect(union.scope?.split(' ').sort()).toEqual([CALENDAR, EMAIL, 'openid']);
  });
});

describe('codes of Google', () => {
  it('are redeemed once, however many ask at the same time', async () => {
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    const redemptions = Array.from({ length: 20 }, () => google.redeem(callback, authorization.checks));
    const outcomes = await Promise.allSettled(redemptions);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ error: 'invalid_grant', status: 400 });
    }
  });

  it('need the verifier of their challenge', async () => {
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    const checks = { ...authorization.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await expect(google.redeem(callback, checks)).rejects.toMatchObject({ error: 'invalid_grant' });
    const { pkceCodeVerifier: _left, ...withoutVerifier } = authorization.checks;
    await expect(google.redeem(callback, withoutVerifier)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('need the redirect URI that they were issued for', async () => {
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    const elsewhere = new URL(callback.search, `${applicationUrl}/elsewhere`);
    await expect(google.redeem(elsewhere, authorization.checks)).rejects.toMatchObject({
      error: 'redirect_uri_mismatch',
    });
  });

  it('expire after ten minutes', async () => {
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    sandbox.advance(600);
    await expect(google.redeem(callback, authorization.checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('tokens of Google', () => {
  it('are refreshed without rotation, and the answer repeats no refresh token and no nonce', async () => {
    const { refresh_token: refreshToken } = await google.signIn('alice', offline);
    const first = await refresh(refreshToken);
    const second = await refresh(refreshToken);
    expect(first).not.toHaveProperty('refresh_token');
    expect(first).toMatchObject({ expires_in: 3599, scope: `openid ${PROFILE} ${EMAIL}` });
    expect(first.access_token).not.toBe(second.access_token);
    expect(decodeJwt(second.id_token ?? '')).toMatchObject({ sub: '104251876093517284601' });
    expect(decodeJwt(second.id_token ?? '')).not.toHaveProperty('nonce');
  });

  it('come without an ID token when openid was not granted', async () => {
    const { browser: visitor, url, checks } = await google.begin({ ...offline, scope: CALENDAR });
    const callback = await google.authorize({ browser: visitor, url, checks }, 'alice');
    const { expectedNonce: _none, ...withoutNonce } = checks;
    const tokens = await google.redeem(callback, withoutNonce);
    expect(tokens).not.toHaveProperty('id_token');
    expect(await refresh(tokens.refresh_token)).not.toHaveProperty('id_token');
  });

  it('open userinfo by GET and by POST, within the granted scopes', async () => {
    const { access_token: accessToken } = await google.signIn('alice', { scope: 'openid email' });
    for (const method of ['GET', 'POST']) {
      expect(await (await userinfo(accessToken, method)).json()).toEqual({
        sub: '104251876093517284601',
        email: 'alice@example.test',
        email_verified: true,
      });
    }
  });

  it('expire when the clock says so, and the refresh token outlives them', async () => {
    const tokens = await google.signIn('alice', offline);
    sandbox.advance(3500);
    expect((await userinfo(tokens.access_token)).status).toBe(200);
    sandbox.advance(99);
    const answer = await userinfo(tokens.access_token);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Bearer .*invalid_token/),
    ]);
    const refreshed = await refresh(tokens.refresh_token);
    expect((await userinfo(refreshed.access_token)).status).toBe(200);
  });

  it('carry ID tokens of the system’s time, whatever the sandbox’s clock says', async () => {
    sandbox.advance(7200);
    expect((await google.signIn('alice')).claims()).toMatchObject({ sub: '104251876093517284601' });
  });

  it.each(['access_token', 'refresh_token'] as const)(
    'die with the whole grant when the %s is revoked',
    async (kind) => {
      const tokens = await google.signIn('alice', offline);
      await client.tokenRevocation(google.configuration, tokens[kind] ?? '');
      await expect(refresh(tokens.refresh_token)).rejects.toMatchObject(gone);
      expect((await userinfo(tokens.access_token)).status).toBe(401);
      expect((await google.signIn('alice', offline)).refresh_token).toMatch(/^1\/\//);
    },
  );

  it('die when the persona withdraws the grant, and those of others live on', async () => {
    const [alice, bob] = [await google.signIn('alice', offline), await google.signIn('bob', offline)];
    sandbox.revokeGoogleGrants('alice');
    await expect(refresh(alice.refresh_token)).rejects.toMatchObject(gone);
    expect((await refresh(bob.refresh_token)).access_token).toMatch(/^ya29\./);
  });

  it('cannot be revoked when unknown', async () => {
    const answer = await fetch(`${sandbox.google.issuer}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_token' }),
    ]);
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['an unknown grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a missing refresh token', {}, 400, 'invalid_request'],
    ['a made-up refresh token', { refresh_token: '__proto__' }, 400, 'invalid_grant'],
  ])('are refused to %s', async (_case, changes: Record<string, string>, status, error) => {
    const { clientId, clientSecret, issuer } = sandbox.google;
    const form = {
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      ...changes,
    };
    const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ error })]);
  });
});
