import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser, tickedBoxes } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';
const PROFILE = 'https://www.googleapis.com/auth/userinfo.profile';
const CALENDAR = 'https://www.googleapis.com/auth/calendar.readonly';
const testing = {
  clientId: 'testing',
  clientSecret: 'testing-secret',
  redirectUris: [`${applicationUrl}/callback/google`],
  isInTesting: true,
};

let sandbox: Sandbox;
let google: RelyingParty;
let browser: Browser;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl, clients: [testing] });
  google = await RelyingParty.ofGoogle(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  browser = new Browser(sandbox.url);
  for (const persona of ['alice', 'zoe', 'uma']) sandbox.revokeGoogleGrants(persona);
});

const open = async (parameters: Record<string, string>) =>
  browser.get((await google.begin(parameters, browser)).url.href);

describe('a person at Google', () => {
  it('may leave out scopes, and the answers say so (CE-31)', async () => {
    const authorization = await google.begin({ scope: `openid profile email ${CALENDAR}` }, browser);
    const accounts = await browser.get(authorization.url.href);
    const page = await browser.press(accounts, 'persona', 'alice');
    expect(tickedBoxes(page.body)).toEqual([`scope ${EMAIL}`, `scope ${CALENDAR}`]);
    const callback = new URL((await browser.press(page, 'allow', 'yes', [`scope ${CALENDAR}`])).url);
    expect(callback.searchParams.get('scope')).toBe(`openid ${PROFILE} ${EMAIL}`);
    const tokens = await google.redeem(callback, authorization.checks);
    expect(tokens.scope).toBe(`openid ${PROFILE} ${EMAIL}`);
  });

  it('is asked again for what was left out', async () => {
    await google.signIn('uma');
    const page = await browser.press(await open({}), 'persona', 'uma');
    expect(page.body).toContain('name="allow"');
  });

  it('who unticks grants openid and profile, and no address', async () => {
    const tokens = await google.signIn('uma');
    expect(tokens.scope).toBe(`openid ${PROFILE}`);
    expect(tokens.claims()).not.toHaveProperty('email');
  });

  it('who leaves out everything has denied access', async () => {
    const page = await browser.press(await open({ scope: CALENDAR }), 'persona', 'uma');
    const { url } = await browser.press(page, 'allow');
    expect(new URL(url).searchParams.get('error')).toBe('access_denied');
  });

  it('who cancels is answered as if they had pressed Cancel', async () => {
    const { url } = await browser.press(await open({}), 'persona', 'carla');
    expect(new URL(url).searchParams.get('error')).toBe('access_denied');
  });
});

describe('a hint of the application to Google', () => {
  it.each(['alice@example.test', '104251876093517284601'])(
    'login_hint=%s names the account',
    async (hint) => {
      expect((await open({ login_hint: hint })).body).toContain('Allow access?');
      await google.signIn('alice');
      const { url } = await open({ login_hint: hint });
      expect(new URL(url).searchParams.get('code')).toBeTruthy();
    },
  );

  it('login_hint of nobody, or beside prompt=select_account, lets the person choose', async () => {
    for (const parameters of [
      { login_hint: 'nobody@example.test' },
      { login_hint: 'alice@example.test', prompt: 'select_account' },
    ] as Record<string, string>[])
      expect((await open(parameters)).body).toContain('Choose an account');
  });

  it.each([
    ['studio.example.test', ['zoe']],
    ['*', ['zoe']],
    ['elsewhere.example', []],
  ])('hd=%s puts accounts of the domain first, and keeps nobody out', async (hd, first) => {
    const [suggested = '', others = ''] = (await open({ hd })).body.split('<details>');
    const shown = (markup: string) =>
      [...markup.matchAll(/name="persona" value="(\w+)"/g)].map(([, persona]) => persona);
    expect(shown(suggested)).toEqual(first);
    expect(shown(others)).toContain('alice');
  });
});

describe('a client of Google that is being tested', () => {
  const signIn = async (scope: string) => {
    const authorization = await google.begin({ scope, access_type: 'offline', client_id: 'testing' });
    const callback = await google.authorize(authorization, 'alice');
    const form = {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: testing.redirectUris[0] ?? '',
      code_verifier: authorization.checks.pkceCodeVerifier,
    };
    return ask(form);
  };
  const ask = async (form: Record<string, string>) => {
    const credentials = { client_id: testing.clientId, client_secret: testing.clientSecret };
    const body = new URLSearchParams({ ...credentials, ...form });
    const answer = await fetch(`${sandbox.google.issuer}/token`, { method: 'POST', body });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('gets refresh tokens of a week (CE-32)', async () => {
    const tokens = await signIn(`openid ${CALENDAR}`);
    expect(tokens).toMatchObject({ refresh_token_expires_in: 604_799 });
    const refresh = () =>
      ask({ grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) });
    sandbox.advance(604_700);
    expect(await refresh()).toHaveProperty('access_token');
    sandbox.advance(99);
    expect(await refresh()).toMatchObject({ error: 'invalid_grant' });
  });

  it('keeps those that only sign in', async () => {
    const tokens = await signIn('openid profile email');
    expect(tokens).toHaveProperty('refresh_token');
    expect(tokens).not.toHaveProperty('refresh_token_expires_in');
  });
});

describe('clocks that are off', () => {
  it('shift the times of Google’s ID tokens, and no lifetime', async () => {
    const issuedAt = async () => decodeJwt(await sandbox.oneTapCredential({ personaId: 'alice' })).iat ?? 0;
    const before = await issuedAt();
    sandbox.skewClocks(-600);
    const skewed = decodeJwt(await sandbox.oneTapCredential({ personaId: 'alice' }));
    expect((skewed.iat ?? 0) - before).toBeLessThan(-500);
    expect((skewed.exp ?? 0) - (skewed.iat ?? 0)).toBe(3600);
    await expect(google.signIn('alice', { prompt: 'consent' })).resolves.toMatchObject({ expires_in: 3599 });
    sandbox.skewClocks(-7200);
    await expect(google.signIn('alice')).rejects.toBeInstanceOf(client.ClientError);
    await fetch(`${sandbox.url}/clock/skew`, { method: 'POST', body: '{"seconds":0}' });
    expect(await issuedAt()).toBeGreaterThanOrEqual(before);
  });
});
