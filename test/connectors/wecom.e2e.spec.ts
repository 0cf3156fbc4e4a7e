import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import { WecomBackends } from './wecom-backends.js';
import { IN_APP } from './wecom-stage.js';

const TOKEN_LIFETIME_SECONDS = 7200;

describe.each(databaseKinds)('sign-in through WeCom at two instances on %s', (database) => {
  let stage: WecomBackends;

  beforeAll(async () => {
    stage = await WecomBackends.start(database);
    await signIn();
  });
  afterAll(() => stage.close());
  /** No application token is good any more. */
  beforeEach(() => {
    stage.sandbox.advance(TOKEN_LIFETIME_SECONDS);
    stage.sandbox.clearRequests();
  });

  const signIn = async (index: 0 | 1 = 0, persona = 'alice') =>
    stage.arrive(await stage.depart(index, persona), index);
  const openInApp = (id: string) =>
    new Browser().open(`${stage.urls[0]}/auth/social/${id}`, { headers: { 'user-agent': IN_APP } });

  it('costs one application token for people who come back to both at the same time', async () => {
    const returning = await Promise.all([stage.depart(0), stage.depart(1), stage.depart(1), stage.depart(0)]);
    expect(stage.grants).toBe(0);
    const arrived = await Promise.all(returning.map((one, number) => stage.arrive(one, number < 2 ? 0 : 1)));
    expect(new Set(arrived).size).toBe(1);
    expect(arrived[0]).toMatch(/^[0-9a-z]{12}$/);
    expect(stage.grants).toBe(1);
  });

  it('goes on when WeCom takes the application token back, at the cost of one more (CE-18)', async () => {
    await signIn();
    stage.sandbox.wecomExpireAppTokens();
    const ids = [await signIn(0), await signIn(1), await signIn(0)];
    expect(new Set(ids).size).toBe(1);
    expect(stage.grants).toBe(2);
  });

  it('asks within the app of WeCom for consent, and brings the details', async () => {
    const consent = await (await openInApp('wecom')).press('persona', 'alice');
    expect(consent.url).toContain('/wecom/connect/oauth2/authorize');
    const home = await consent.press('allow', 'yes');
    expect([home.status, new URL(home.url).origin]).toEqual([200, stage.urls[0]]);
    expect(stage.sandbox.requests()).toMatchObject({ 'POST /wecom/cgi-bin/auth/getuserdetail': 1 });
  });

  it('is refused by the person, who may come back', async () => {
    const page = await (await openInApp('wecom')).press('cancel');
    expect([page.status, page.url]).toEqual([403, expect.stringContaining('/callback/wecom?')]);
    expect(stage.grants).toBe(0);
  });

  it('knows somebody of another company by the same user id as somebody else (Bob is called as Alice is)', async () => {
    const alice = await signIn();
    const { browser, callback } = await departFrom('wecom-2', 'bob');
    await browser.open(callback);
    const { body } = await browser.json(`${stage.urls[0]}/api/me`);
    expect(body['id']).toMatch(/^[0-9a-z]{12}$/);
    expect(body['id']).not.toBe(alice);
  });

  it('tells the person nothing of the address that WeCom does not trust (CE-20)', async () => {
    stage.sandbox.wecomTrustAddress(false);
    const { browser, callback } = await stage.depart(0);
    const page = await browser.open(callback);
    stage.sandbox.wecomTrustAddress(true);
    expect(page.status).toBe(503);
    expect(page.html).not.toMatch(/127\.0\.0\.1|60020|trusted/);
  });

  const departFrom = async (id: string, persona: string) => {
    const browser = new Browser();
    const page = await browser.open(`${stage.urls[0]}/auth/social/${id}`);
    const answer = await browser.request(page.url.split('?')[0], {
      method: 'POST',
      body: new URLSearchParams({ request: new URL(page.url).search.slice(1), persona }),
      headers: { origin: new URL(page.url).origin },
    });
    return { browser, callback: answer.headers.get('location') ?? '' };
  };
});
