import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl } from './relying-party.js';
import { type Door, redirectUri, WecomApplication } from './wecom-application.js';

const AUTHORIZE = 'connect/oauth2/authorize';
const privateInfo = { scope: 'snsapi_privateinfo' };

let sandbox: Sandbox;
let wecom: WecomApplication;
let secondCorp: WecomApplication;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  wecom = new WecomApplication(sandbox);
  secondCorp = new WecomApplication(sandbox, sandbox.wecomSecondCorp);
});
afterAll(() => sandbox.close());
afterEach(() => {
  sandbox.wecomTrustAddress(true);
  sandbox.wecomLimitTokenRequests(1000);
  sandbox.clearRequests();
});

const order = (path: string, body: unknown) =>
  fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('the page within the app', () => {
  it('calls back with code and state, and asks a member for nothing in snsapi_base', async () => {
    const browser = new Browser(sandbox.url);
    const visit = await browser.press(await wecom.open(AUTHORIZE, {}, browser), 'persona', 'alice');
    const callback = new URL(visit.url);
    expect(`${callback.origin}${callback.pathname}`).toBe(redirectUri);
    expect(Object.fromEntries(callback.searchParams)).toEqual({ code: expect.any(String), state: 'state1' });
  });

  it('asks for consent in snsapi_privateinfo, each time', async () => {
    for (let round = 0; round < 2; round++) {
      const browser = new Browser(sandbox.url);
      const visit = await browser.press(
        await wecom.open(AUTHORIZE, privateInfo, browser),
        'persona',
        'alice',
      );
      expect(visit.body).toContain('<code>mobile</code>');
      expect(visit.body).toContain('name="allow"');
    }
  });

  it('asks nobody else for consent, since there are no details of them', async () => {
    const browser = new Browser(sandbox.url);
    const visit = await browser.press(await wecom.open(AUTHORIZE, privateInfo, browser), 'persona', 'noor');
    expect(new URL(visit.url).searchParams.has('code')).toBe(true);
  });

  it('keeps what the redirect URI brings along', async () => {
    const callback = await wecom.authorize('alice', { redirect_uri: `${redirectUri}?next=1` });
    expect([...callback.searchParams.keys()]).toEqual(['next', 'code', 'state']);
  });

  it.each([
    ['a scope of WeChat', { scope: 'snsapi_userinfo' }, '40058'],
    ['no scope', { scope: '' }, '40058'],
    ['another response type', { response_type: 'token' }, '40058'],
    ['snsapi_privateinfo without agentid', { ...privateInfo, agentid: '' }, 'agentid'],
    ['the agentid of another application', { agentid: '1' }, '40056'],
    ['an unknown company', { appid: 'ww00' }, '40013'],
    ['a redirect URI elsewhere', { redirect_uri: 'http://evil.example/callback' }, '50001'],
    ['a redirect URI on another port', { redirect_uri: 'http://localhost:1/callback' }, '50001'],
    ['no redirect URI', { redirect_uri: '' }, '50001'],
    ['a state with a hyphen', { state: 'with-hyphen' }, '40058'],
    ['a state of 129 letters', { state: 'a'.repeat(129) }, '40058'],
  ])('tells %s on a page, and sends nobody back', async (_case, parameters, shown) => {
    const visit = await wecom.open(AUTHORIZE, parameters);
    expect(visit).toMatchObject({ status: 400, location: null });
    expect(visit.body).toContain(shown);
    expect(visit.body).not.toContain('name="persona"');
  });

  it.each([
    ['128 letters and digits of state', { state: 'aZ09'.repeat(32) }],
    ['no agentid in snsapi_base', { agentid: '' }],
    ['any path on the trusted domain', { redirect_uri: `${applicationUrl}/elsewhere` }],
  ])('accepts %s', async (_case, parameters) => {
    expect((await wecom.authorize('alice', parameters)).searchParams.get('code')).toBeTruthy();
  });
});

describe('the page with a code to scan', () => {
  const doors: Door[] = ['wwlogin/sso/login', 'wwopen/sso/qrConnect'];

  it.each(doors)('/%s shows one, and who scans it is called back with the company', async (door) => {
    expect((await wecom.open(door)).body).toMatch(/<svg[^>]*aria-label="A code to scan"/);
    const callback = await wecom.authorize('alice', {}, door);
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      code: expect.any(String),
      state: 'state1',
      appid: sandbox.wecom.corpId,
    });
  });

  it.each(doors)('/%s needs the agentid', async (door) => {
    expect((await wecom.open(door, { agentid: '' })).body).toContain('agentid');
  });

  it('is for applications of companies', async () => {
    expect((await wecom.open('wwlogin/sso/login', { login_type: 'ServiceApp' })).status).toBe(400);
  });

  it('ignores a scope: no ticket comes of it', async () => {
    const who = await wecom.whoCame(await wecom.code('alice', privateInfo, 'wwopen/sso/qrConnect'));
    expect(who).toEqual({ errcode: 0, errmsg: 'ok', userid: 'AliceArden' });
  });
});

describe('a refusal', () => {
  it.each<[Door, Readonly<Record<string, string>>]>([
    ['connect/oauth2/authorize', privateInfo],
    ['wwlogin/sso/login', {}],
    ['wwopen/sso/qrConnect', {}],
  ])('at /%s comes back with the state and no word else', async (door, parameters) => {
    const browser = new Browser(sandbox.url);
    const visit = await browser.press(await wecom.open(door, parameters, browser), 'cancel');
    expect(new URL(visit.url).search).toBe('?state=state1');
  });

  it('of the consent is the same', async () => {
    const browser = new Browser(sandbox.url);
    const visit = await browser.press(await wecom.open(AUTHORIZE, privateInfo, browser), 'persona', 'alice');
    expect(new URL((await browser.press(visit, 'cancel')).url).search).toBe('?state=state1');
  });

  it('is what whoever cancels everything answers', async () => {
    expect((await wecom.authorize('carla')).search).toBe('?state=state1');
  });
});

describe('the application’s token', () => {
  it('is the same as long as it lives, with the seconds that are left', async () => {
    sandbox.wecomExpireAppTokens();
    const first = await wecom.gettoken();
    expect(first).toEqual({ errcode: 0, errmsg: 'ok', access_token: expect.any(String), expires_in: 7200 });
    expect(String(first['access_token']).length).toBeLessThanOrEqual(512);
    sandbox.advance(1000);
    const { access_token: again, expires_in: left } = await wecom.gettoken();
    expect(again).toBe(first['access_token']);
    expect(left).toBeLessThanOrEqual(6200);
    sandbox.advance(6200);
    expect((await wecom.gettoken())['access_token']).not.toBe(first['access_token']);
  });

  it('expires after two hours, or is taken back earlier', async () => {
    const token = await wecom.token();
    sandbox.advance(7200);
    const call = (value: string) => wecom.get('user/get', { access_token: value, userid: 'AliceArden' });
    expect(await call(token)).toMatchObject({ errcode: 42001 });
    const next = await wecom.token();
    expect(await call(next)).toMatchObject({ errcode: 0 });
    sandbox.wecomExpireAppTokens();
    expect(await call(next)).toMatchObject({ errcode: 40014 });
    expect(await call(await wecom.token())).toMatchObject({ errcode: 0 });
  });

  it('is taken back by an order over HTTP as well', async () => {
    const token = await wecom.token();
    expect((await order('/wecom/control/expire-app-tokens', {})).status).toBe(204);
    expect(await wecom.token()).not.toBe(token);
  });

  it.each([
    ['an unknown company', { corpid: 'ww00' }, 40013],
    ['a wrong secret', { corpsecret: 'wrong' }, 40001],
  ])('is not given for %s', async (_case, parameters, errcode) => {
    expect(await wecom.gettoken(parameters)).toEqual({ errcode, errmsg: expect.stringContaining('hint: [') });
  });

  it('is not given without id or secret', async () => {
    expect(await wecom.get('gettoken', { corpid: sandbox.wecom.corpId })).toMatchObject({ errcode: 41004 });
    expect(await wecom.get('gettoken', {})).toMatchObject({ errcode: 41002 });
  });

  it('is not given too often in a minute, to one company without regard to another', async () => {
    sandbox.advance(60);
    sandbox.wecomLimitTokenRequests(2);
    const errcodes = [];
    for (let round = 0; round < 3; round++) errcodes.push((await wecom.gettoken())['errcode']);
    expect(errcodes).toEqual([0, 0, 45009]);
    expect(await secondCorp.gettoken()).toMatchObject({ errcode: 0 });
    sandbox.advance(60);
    expect(await wecom.gettoken()).toMatchObject({ errcode: 0 });
  });

  it('is limited by an order over HTTP as well', async () => {
    expect((await order('/wecom/control/limit-token-requests', { perMinute: 0 })).status).toBe(204);
    expect(await wecom.gettoken()).toMatchObject({ errcode: 45009 });
  });

  it('has its requests counted', async () => {
    sandbox.clearRequests();
    await wecom.gettoken();
    await wecom.gettoken();
    expect(sandbox.requests()).toEqual({ 'GET /wecom/cgi-bin/gettoken': 2 });
  });

  it('is not there when WeCom is busy, which it says with status 200', async () => {
    const body = '{"errcode":-1,"errmsg":"system busy"}';
    sandbox.fail({ path: '/wecom/cgi-bin/gettoken', body, times: 1 });
    expect(await wecom.gettoken()).toEqual({ errcode: -1, errmsg: 'system busy' });
    expect(await wecom.gettoken()).toMatchObject({ errcode: 0 });
  });
});

describe('calls', () => {
  const paths = ['auth/getuserinfo', 'user/get'];

  it.each(paths)('of %s need a token, and one that is known', async (path) => {
    expect(await wecom.get(path, { code: '1' })).toMatchObject({ errcode: 41001 });
    expect(await wecom.get(path, { access_token: 'made-up' })).toMatchObject({ errcode: 40014 });
  });

  it.each(paths)('of %s are refused from an address that is not trusted', async (path) => {
    sandbox.wecomTrustAddress(false);
    expect(await wecom.get(path, { access_token: await wecom.token() })).toEqual({
      errcode: 60020,
      errmsg: expect.stringContaining('from ip: 127.0.0.1'),
    });
  });

  it('are refused by an order over HTTP as well, which does not touch gettoken', async () => {
    expect((await order('/wecom/control/trust-address', { trusted: false })).status).toBe(204);
    expect(await wecom.gettoken()).toMatchObject({ errcode: 0 });
    expect(await wecom.member('AliceArden')).toMatchObject({ errcode: 60020 });
    await order('/wecom/control/trust-address', { trusted: true });
    expect(await wecom.member('AliceArden')).toMatchObject({ errcode: 0 });
  });

  it('never have the same text for the same error', async () => {
    const texts = [await wecom.member('nobody'), await wecom.member('nobody')].map(({ errmsg }) => errmsg);
    expect(texts[0]).not.toBe(texts[1]);
  });
});
