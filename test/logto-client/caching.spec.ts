import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { Browser } from '../support/browser.js';
import { signInThroughGoogle } from '../support/sandboxed.js';
import { API, DAY_SECONDS, HOUR_SECONDS, Stage, until } from './stage.js';

const unauthorized = { code: 'auth.unauthorized' };

let stage: Stage;
let browser: Browser;
let client: LogtoClient;

const requests = () => Object.values(stage.sandbox.requests()).reduce((sum, count) => sum + count, 0);
const tokenFor = async (resource?: string) => (await client.getAccessToken(resource)).reveal();

const begin = async () => {
  await stage.clear();
  browser = await stage.signedIn();
  client = stage.clientOf(browser);
  stage.sandbox.clearRequests();
};

describe('an access token', () => {
  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources: [API] } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  it('of the sign-in is handed out without asking Logto', async () => {
    const { tokens } = await stage.held();
    expect(await tokenFor()).toBe(tokens.accessTokens['@']?.token);
    expect(requests()).toBe(0);
  });

  it('of an API is asked for when it is needed first, and then handed out', async () => {
    const token = await tokenFor(API);
    expect(await tokenFor(API)).toBe(token);
    expect((await stage.clientOf(browser).getAccessToken(API)).reveal()).toBe(token);
    expect(stage.refreshes()).toBe(1);
  });

  it('is handed out until a minute before its end, and is then another', async () => {
    const token = await tokenFor(API);
    stage.sandbox.advance(HOUR_SECONDS - 62);
    expect(await tokenFor(API)).toBe(token);
    expect(stage.refreshes()).toBe(1);
    stage.sandbox.advance(3);
    const next = await tokenFor(API);
    expect(next).not.toBe(token);
    expect(await tokenFor(API)).toBe(next);
    expect(stage.refreshes()).toBe(2);
  });

  it('grows old from the moment when it was asked for, however late it came', async () => {
    stage.sandbox.fail({ path: '/oidc/token', delayMilliseconds: 200, times: 1 });
    const late = tokenFor(API);
    await until(() => stage.refreshes() === 1);
    stage.sandbox.advance(600);
    const token = await late;
    stage.sandbox.advance(HOUR_SECONDS - 600 - 62);
    expect(await tokenFor(API)).toBe(token);
    stage.sandbox.advance(3);
    expect(await tokenFor(API)).not.toBe(token);
  });

  it('leaves those for other purposes as they are when it is renewed', async () => {
    const opaque = await tokenFor();
    await tokenFor(API);
    expect(await tokenFor()).toBe(opaque);
    expect(stage.refreshes()).toBe(1);
  });

  it('is another, for every purpose, once they are cleared', async () => {
    const [opaque, api] = [await tokenFor(), await tokenFor(API)];
    await client.clearAccessToken();
    expect(await tokenFor(API)).not.toBe(api);
    expect(await tokenFor()).not.toBe(opaque);
    expect(stage.refreshes()).toBe(3);
  });

  it.each([
    ['without a lifetime', {}],
    ['with a lifetime of nothing', { expires_in: 0 }],
  ])('%s is used once', async (_, lifetime) => {
    const body = JSON.stringify({ access_token: 'short-lived', token_type: 'Bearer', ...lifetime });
    stage.sandbox.fail({ path: '/oidc/token', body, times: 1 });
    expect(await tokenFor(API)).toBe('short-lived');
    expect(await tokenFor(API)).not.toBe('short-lived');
    expect(stage.refreshes()).toBe(2);
  });

  it('is not shown where it is printed', async () => {
    const token = await client.getAccessToken(API);
    expect([String(token), JSON.stringify({ token })]).toEqual(['[secret]', '{"token":"[secret]"}']);
  });
});

describe('an access token that lives for twenty seconds', () => {
  beforeAll(async () => {
    stage = await Stage.start({ sandbox: { accessTokenSeconds: 20 } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  it('is handed out for half of them', async () => {
    const token = await tokenFor();
    stage.sandbox.advance(8);
    expect(await tokenFor()).toBe(token);
    expect(stage.refreshes()).toBe(0);
    stage.sandbox.advance(4);
    expect(await tokenFor()).not.toBe(token);
    expect(stage.refreshes()).toBe(1);
  });
});

describe('whether somebody is signed in at Logto', () => {
  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources: [API] } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  const isAuthenticated = (from = browser) => stage.clientOf(from).isAuthenticated();

  it('is so right after the sign-in, without asking Logto', async () => {
    expect(await isAuthenticated()).toBe(true);
    expect(requests()).toBe(0);
  });

  it('is not so without a cookie, or with one that is nobody’s', async () => {
    const stranger = new Browser();
    expect(await isAuthenticated(stranger)).toBe(false);
    stranger.setCookie('localhost', 'latchkey', 'A'.repeat(43));
    expect(await isAuthenticated(stranger)).toBe(false);
    await expect(stage.clientOf(stranger).getAccessToken()).rejects.toMatchObject(unauthorized);
    await expect(stage.clientOf(stranger).clearAllTokens()).rejects.toMatchObject(unauthorized);
  });

  it('is not so in a session that was begun at Google', async () => {
    const other = new Browser();
    await signInThroughGoogle(other, stage.instance);
    stage.sandbox.clearRequests();
    expect((await other.json(`${stage.instance.url}/api/me`)).status).toBe(200);
    expect(await isAuthenticated(other)).toBe(false);
    const atGoogle = stage.clientOf(other);
    for (const refused of [
      () => atGoogle.getAccessToken(),
      () => atGoogle.getAccessTokenClaims(API),
      () => atGoogle.getIdTokenClaims(),
      () => atGoogle.getRoles(),
      () => atGoogle.fetchUserInfo(),
      () => atGoogle.clearAccessToken(),
    ])
      await expect(refused()).rejects.toMatchObject(unauthorized);
    expect(requests()).toBe(0);
  });

  it('is not so after the sign-out', async () => {
    const before = stage.clientOf(browser);
    await (await browser.open(`${stage.instance.url}/`)).send('/auth/sign-out');
    expect(await before.isAuthenticated()).toBe(false);
    await expect(before.getAccessToken()).rejects.toMatchObject(unauthorized);
  });

  it('is not so after a week without use', async () => {
    stage.sandbox.advance(7 * DAY_SECONDS - 1);
    expect(await isAuthenticated()).toBe(true);
    stage.sandbox.advance(7 * DAY_SECONDS);
    expect(await isAuthenticated()).toBe(false);
    await expect(client.getAccessToken()).rejects.toMatchObject(unauthorized);
    expect(requests()).toBe(0);
  });

  it('is not so a fortnight after the sign-in, however much it was used', async () => {
    for (const days of [6, 6, 1]) {
      stage.sandbox.advance(days * DAY_SECONDS);
      expect(await isAuthenticated()).toBe(true);
    }
    stage.sandbox.advance(DAY_SECONDS);
    expect(await isAuthenticated()).toBe(false);
    await expect(client.getAccessToken()).rejects.toMatchObject(unauthorized);
  });

  it('is not so once all tokens are cleared: Logto’s grant has ended, and the session here goes on', async () => {
    const { refreshToken } = (await stage.held()).tokens;
    await client.clearAllTokens();
    expect(await isAuthenticated()).toBe(false);
    expect(await stage.rows.count()).toBe(0);
    await expect(client.getAccessToken()).rejects.toMatchObject(unauthorized);
    await expect(client.clearAccessToken()).rejects.toMatchObject(unauthorized);
    expect((await browser.json(`${stage.instance.url}/api/me`)).status).toBe(200);
    expect(stage.refreshes()).toBe(0);
    expect(await refreshAtLogto(refreshToken)).toMatchObject({ error: 'invalid_grant' });

    await stage.signInAgain(browser);
    expect(await isAuthenticated()).toBe(true);
    expect(await stage.clientOf(browser).getAccessTokenClaims(API)).toMatchObject({ aud: API });
  });

  /** As anybody could who had got hold of the refresh token and of our credentials. */
  const refreshAtLogto = async (refreshToken = ''): Promise<unknown> => {
    const { appId, appSecret } = stage.sandbox.logto;
    const answer = await fetch(`${stage.sandbox.url}/oidc/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${appId}:${appSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    return answer.json();
  };

  it('is not so once all tokens are cleared while Logto is away', async () => {
    stage.sandbox.fail({ path: '/oidc/token/revocation', dropConnection: true });
    await client.clearAllTokens();
    expect(await isAuthenticated()).toBe(false);
  });
});
