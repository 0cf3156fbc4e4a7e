import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogtoSessions } from '../../src/auth/logto/logto-sessions.js';
import type { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { Sessions } from '../../src/auth/session/sessions.js';
import type { Browser } from '../support/browser.js';
import { API, holdRefresh, HOUR_SECONDS, Stage, times } from './stage.js';

const OTHER_API = 'https://other.example.test/';

let stage: Stage;
let browser: Browser;
let client: LogtoClient;

const later = () => stage.sandbox.advance(HOUR_SECONDS);
const api = async (resource = API) => (await client.getAccessToken(resource)).reveal();
const me = () => browser.json(`${stage.instance.url}/api/me`);

const begin = async () => {
  await stage.clear();
  browser = await stage.signedIn();
  client = stage.clientOf(browser);
  stage.sandbox.clearRequests();
};

describe('a refresh', () => {
  beforeAll(async () => {
    stage = await Stage.start({
      logto: { resources: [API, OTHER_API] },
      sandbox: { rotateRefreshTokens: 'always' },
    });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  const json = 'application/json';

  it.each([
    ['cannot be reached', { dropConnection: true }, 'connector.provider_unavailable'],
    ['is down', { status: 503, body: 'down' }, 'connector.provider_unavailable'],
    ['has a problem', { status: 500, body: '{"error":"server_error"}' }, 'connector.provider_unavailable'],
    ['is slow beyond patience', { hang: true }, 'connector.provider_timeout'],
    ['asks to slow down', { status: 429, body: 'slow down' }, 'connector.rate_limited'],
    ['refuses our client', { status: 401, body: '{"error":"invalid_client"}' }, 'connector.misconfigured'],
    [
      'sends half of its JSON',
      { body: '{"access_token":"x', contentType: json },
      'connector.invalid_response',
    ],
    ['sends no JSON', { body: '<p>hello', contentType: json }, 'connector.invalid_response'],
    ['sends no token', { body: '{"token_type":"Bearer"}' }, 'connector.invalid_response'],
    ['sends null', { body: 'null', contentType: json }, 'connector.invalid_response'],
    ['sends a page', { body: '<!doctype html>', contentType: 'text/html' }, 'connector.invalid_response'],
    ['sends more than anybody reads', { body: ' '.repeat(2 ** 21) + '{}' }, 'connector.invalid_response'],
    ['sends us elsewhere', { status: 302, body: 'there' }, 'connector.invalid_response'],
  ])('fails while Logto %s, and nothing is lost', async (_, fault, code) => {
    later();
    const before = await stage.held();
    stage.sandbox.fail({ path: '/oidc/token', ...fault });
    await expect(client.getAccessToken(API)).rejects.toMatchObject({ name: 'LatchkeyError', code });
    expect(stage.refreshes()).toBe(1);
    const { row, tokens } = await stage.held();
    expect(tokens).toEqual(before.tokens);
    expect(row).toEqual(before.row);
    expect(await client.isAuthenticated()).toBe(true);

    stage.sandbox.clearFaults();
    const token = await api();
    expect(await api()).toBe(token);
    expect(stage.refreshes()).toBe(2);
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
  });

  it('that fails, fails for all who wait for it, and the next one who asks begins anew', async () => {
    later();
    stage.sandbox.fail({ path: '/oidc/token', status: 503, delayMilliseconds: 100, times: 1 });
    const outcomes = await Promise.allSettled(times(10, () => api()));
    expect(outcomes.map(({ status }) => status)).toEqual(times(10, () => 'rejected'));
    expect(stage.refreshes()).toBe(1);
    expect(await api()).toBe(await api());
    expect(stage.refreshes()).toBe(2);
  });

  it('that fails for one API does not fail for another that waits behind it', async () => {
    later();
    stage.sandbox.fail({ path: '/oidc/token', status: 503, delayMilliseconds: 100, times: 1 });
    const [first, second] = await Promise.allSettled([api(), api(OTHER_API)]);
    expect([first?.status, second?.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('takes nothing from a token that is still good', async () => {
    const token = await api();
    stage.sandbox.fail({ path: '/oidc/token', status: 503 });
    await expect(client.getAccessToken(OTHER_API)).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
    });
    expect(await api()).toBe(token);
  });

  it('whose answer the database does not take at first is written down all the same', async () => {
    later();
    const { row } = await stage.held();
    const failing = jest
      .spyOn(stage.instance.get(LogtoSessions), 'change')
      .mockRejectedValueOnce(new Error('the disk is full'))
      .mockRejectedValueOnce(new Error('the disk is full'));
    const token = await api();
    failing.mockRestore();
    expect((await stage.held()).row.version).toBe(row.version + 1);
    expect(await api()).toBe(token);
    expect(stage.refreshes()).toBe(1);
    later();
    expect(await api()).not.toBe(token);
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
  });

  it('whose answer the database does not take at all is used in this process, and written down at the next one', async () => {
    later();
    const failing = jest
      .spyOn(stage.instance.get(LogtoSessions), 'change')
      .mockRejectedValue(new Error('the disk is full'));
    const token = await api();
    expect(await api()).toBe(token);
    failing.mockRestore();
    later();
    expect(await api()).not.toBe(token);
    expect([stage.refreshes(), stage.sandbox.reusedRefreshTokens()]).toEqual([2, 0]);
    later();
    expect((await stage.held()).tokens.accessTokens[`@${API}`]).toBeDefined();
    await api();
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
  });

  it('brings UserInfo although Logto no longer takes the access token that is held', async () => {
    await client.fetchUserInfo();
    stage.sandbox.clearRequests();
    stage.sandbox.fail({ path: '/oidc/me', status: 401, body: '{}', times: 1 });
    expect(await client.fetchUserInfo()).toMatchObject({ sub: 'xw3jr9c2iw77' });
    expect(stage.refreshes()).toBe(1);
  });

  it('is not needed to forget the access tokens, but the database is', async () => {
    const failing = jest
      .spyOn(stage.instance.get(LogtoSessions), 'change')
      .mockRejectedValueOnce(new Error('the disk is full'));
    await expect(client.clearAccessToken()).rejects.toThrow('the disk is full');
    failing.mockRestore();
  });

  it('writes the refresh token and the access token that came together in one write', async () => {
    for (let round = 0; round < 3; round += 1) {
      later();
      const before = await stage.held();
      const token = await api();
      const after = await stage.held();
      expect(after.row.version).toBe(before.row.version + 1);
      expect(after.tokens.refreshToken).not.toBe(before.tokens.refreshToken);
      expect(after.tokens.accessTokens[`@${API}`]?.token).toBe(token);
    }
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
  });
});

describe('a grant that Logto has ended', () => {
  beforeAll(async () => {
    stage = await Stage.start({
      logto: { resources: [API, OTHER_API] },
      sandbox: { rotateRefreshTokens: 'always' },
    });
  });
  beforeEach(async () => {
    await begin();
    later();
    stage.sandbox.revokeLogtoGrants('alice');
  });
  afterAll(() => stage.close());

  const reauthorization = (reason: string) => ({
    code: 'reauthorization_required',
    data: { target: 'logto', reason, authorization_url: `${stage.instance.url}/auth/sign-in` },
  });

  it('sends the person to sign in again', async () => {
    await expect(client.getAccessToken(API)).rejects.toMatchObject(reauthorization('grant_invalid'));
    expect(stage.refreshes()).toBe(1);
  });

  it('is never tried again', async () => {
    await expect(client.getAccessToken(API)).rejects.toThrow();
    for (const again of [
      () => client.getAccessToken(API),
      () => client.getAccessToken(OTHER_API),
      () => client.getAccessToken(),
      () => client.fetchUserInfo(),
    ])
      await expect(again()).rejects.toMatchObject(reauthorization('no_refresh_token'));
    expect(stage.refreshes()).toBe(1);
    expect((await stage.held()).tokens.refreshToken).toBeUndefined();
  });

  it('leaves the session here and what is known of the person', async () => {
    await expect(client.getAccessToken(API)).rejects.toThrow();
    expect((await me()).status).toBe(200);
    expect(await client.isAuthenticated()).toBe(true);
    expect(await client.getIdTokenClaims()).toMatchObject({ name: 'Alice Arden' });
  });

  it('is made good by a sign-in in the same browser, for the same session', async () => {
    const { row } = await stage.held();
    await expect(client.getAccessToken(API)).rejects.toThrow();
    await stage.signInAgain(browser);
    client = stage.clientOf(browser);
    expect((await stage.held()).row.sessionId).toBe(row.sessionId);
    expect(await client.getAccessTokenClaims(API)).toMatchObject({ aud: API });
    later();
    expect(await client.getAccessTokenClaims(API)).toMatchObject({ aud: API });
  });
});

describe('without Logto’s consent page', () => {
  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources: [API], prompt: 'login' } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  it('there is no refresh token: the token of the sign-in works, any other needs another sign-in', async () => {
    const refused = { code: 'reauthorization_required', data: { reason: 'no_refresh_token' } };
    expect((await client.getAccessToken()).reveal().length).toBeGreaterThan(20);
    await expect(client.getAccessToken(API)).rejects.toMatchObject(refused);
    later();
    await expect(client.getAccessToken()).rejects.toMatchObject(refused);
    expect(stage.sandbox.requests()).toEqual({});
    expect((await me()).status).toBe(200);
  });
});

describe('a session that ends while Logto is asked', () => {
  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources: [API] }, sandbox: { rotateRefreshTokens: 'always' } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  const unauthorized = { code: 'auth.unauthorized' };

  /** What becomes of a refresh while which this happens. */
  const outcomeOf = async (meanwhile: () => Promise<unknown>): Promise<string> => {
    later();
    const { asked, goOn } = holdRefresh(stage.instance);
    const outcome = client.getAccessToken(API).then(
      () => 'a token',
      ({ code }: { code: string }) => code,
    );
    await asked;
    await meanwhile();
    goOn();
    return outcome;
  };

  it('by sign-out leaves no tokens behind', async () => {
    const page = await browser.open(`${stage.instance.url}/`);
    expect(await outcomeOf(() => page.send('/auth/sign-out'))).toBe('auth.unauthorized');
    expect(await stage.rows.count()).toBe(0);
    await expect(client.getAccessToken(API)).rejects.toMatchObject(unauthorized);
    expect(stage.refreshes()).toBe(1);
  });

  it('by an administrator leaves no tokens behind', async () => {
    const { row } = await stage.held();
    const sessions = stage.instance.get(Sessions);
    const end = async () => {
      await sessions.end([row.sessionId]);
      // Nobody waits otherwise until Logto has ended the grant.
      await sessions.beforeApplicationShutdown();
    };
    expect(await outcomeOf(end)).toBe('auth.unauthorized');
    expect(await stage.rows.count()).toBe(0);
  });

  it('by itself leaves no tokens behind, though Logto answers', async () => {
    await outcomeOf(() => stage.rows.deleteAll());
    expect(await stage.rows.count()).toBe(0);
    expect(stage.logs.some((line) => line.includes('has ended or was renewed while Logto answered'))).toBe(
      true,
    );
    await expect(client.getAccessToken(API)).rejects.toMatchObject(unauthorized);
  });
});
