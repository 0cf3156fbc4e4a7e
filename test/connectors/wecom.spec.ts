import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { internationalNumber } from '../../src/connectors/providers/wecom/member.js';
import { refusalOf, REQUEST } from '../support/round-trip.js';
import { drop, type Script } from '../support/scripted-provider.js';
import {
  BY_ID,
  BY_TICKET,
  CODE,
  CORP,
  APP_SECRET,
  GETTOKEN,
  good,
  IN_APP,
  refusal,
  TICKET,
  WecomStage,
  WHO,
} from './wecom-stage.js';

let stage: WecomStage;

beforeAll(async () => void (stage = await WecomStage.open()));
afterAll(() => stage.close());
beforeEach(() => stage.renew());

const parametersOf = ({ searchParams }: URL): Record<string, string> => Object.fromEntries(searchParams);

describe('WeCom is asked for somebody', () => {
  const common = {
    appid: CORP.corpId,
    agentid: CORP.agentId,
    redirect_uri: REQUEST.redirectUri,
    state: REQUEST.state,
  };

  // Logto sends people to the former page and adds scope and response_type, of which WeCom documents neither.
  it('by a code to scan, in a browser that is not its own or says nothing', async () => {
    for (const userAgent of [undefined, 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0']) {
      const page = await stage.page({ userAgent });
      expect(page.href).toMatch(/^https:\/\/login\.work\.weixin\.qq\.com\/wwlogin\/sso\/login\?/);
      expect(parametersOf(page)).toEqual({ ...common, login_type: 'CorpApp' });
      expect(page.hash).toBe('#wechat_redirect');
    }
  });

  it('by the page in its app, in its own browser', async () => {
    const page = await stage.page({ userAgent: IN_APP });
    expect(page.href).toMatch(/^https:\/\/open\.weixin\.qq\.com\/connect\/oauth2\/authorize\?/);
    const asked = { response_type: 'code', scope: 'snsapi_privateinfo' };
    expect(parametersOf(page)).toEqual({ ...common, ...asked });
    expect(page.hash).toBe('#wechat_redirect');
  });

  it('with an address to come back to that is encoded once', async () => {
    for (const userAgent of [undefined, IN_APP]) {
      const page = await stage.page({ redirectUri: 'https://app.example/callback/we?a=b c', userAgent });
      expect(page.search).toContain('redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%2Fwe%3Fa%3Db+c&');
    }
  });

  it('at other pages, where they are configured', async () => {
    const qrEndpoint = 'https://open.work.weixin.qq.com/wwopen/sso/qrConnect';
    const inAppEndpoint = 'https://wecom.example/authorize';
    const config = { qrEndpoint, inAppEndpoint };
    expect((await stage.page({}, config)).href).toContain(`${qrEndpoint}?`);
    expect((await stage.page({ userAgent: IN_APP }, config)).href).toContain(`${inAppEndpoint}?`);
    const origins = [...stage.connector.formOrigins(stage.instance(config))];
    expect(origins).toEqual(['https://wecom.example', 'https://open.work.weixin.qq.com']);
  });

  it.each([
    ['the configured scope', 'snsapi_base', [], 'snsapi_base'],
    ['the wider one, where more is needed', 'snsapi_base', ['snsapi_privateinfo'], 'snsapi_privateinfo'],
    ['the wider one, where less is needed', undefined, ['snsapi_base'], 'snsapi_privateinfo'],
    ['what asks for no consent, where none is configured on purpose', '', [], 'snsapi_base'],
    ['a scope that we do not know', 'snsapi_userinfo', [], 'snsapi_userinfo'],
  ])('for %s', async (_, configured, scope, expected) => {
    const page = await stage.page({ userAgent: IN_APP, scope }, { scope: configured });
    expect(page.searchParams.get('scope')).toBe(expected);
  });
});

describe('whoever comes back', () => {
  it('is asked for at WeCom by application token and code', async () => {
    await stage.signIn();
    const { query } = stage.requestTo(GETTOKEN);
    expect(Object.fromEntries(query)).toEqual({ corpid: CORP.corpId, corpsecret: APP_SECRET });
    const token = stage.requestTo(WHO).query.get('access_token');
    expect(token).toMatch(/^application-token-/);
    expect(Object.fromEntries(stage.requestTo(WHO).query)).toEqual({ access_token: token, code: CODE });
    expect(stage.requestTo(BY_ID).query.get('access_token')).toBe(token);
  });

  it('is known by user id within the company, with what WeCom tells by the id', async () => {
    const { identity, tokenSet } = await stage.signIn();
    expect(tokenSet).toBeUndefined();
    expect(identity).toEqual({
      issuer: `${stage.wecom.origin}/${CORP.corpId}`,
      subject: 'ZhangSan',
      name: '张三',
      avatar: undefined,
      email: undefined,
      emailVerified: false,
      phone: undefined,
      phoneVerified: false,
      rawData: { userid: 'ZhangSan', name: '张三', department: [1] },
    });
    expect(stage.requestTo(BY_ID).query.get('userid')).toBe('ZhangSan');
    expect(stage.asked).toEqual([1, 1, 1, 0]);
  });

  it('is another person in another company, although the user id is the same', async () => {
    const [first, second] = [await stage.signIn(), await stage.signIn({ corpId: 'wwfedcba9876543210' })];
    expect(first.identity.subject).toBe(second.identity.subject);
    expect(first.identity.issuer).not.toBe(second.identity.issuer);
    expect(stage.asked[0]).toBe(2);
  });

  it('costs no further application token the second time', async () => {
    await stage.signIn();
    await stage.signIn();
    expect(stage.asked).toEqual([1, 2, 2, 0]);
  });

  it('has refused, where there is no code', async () => {
    expect((await refusalOf(stage.signIn({}, {}))).code).toBe('auth.access_denied');
    expect((await refusalOf(stage.signIn({}, { code: '' }))).code).toBe('auth.access_denied');
    expect(stage.asked).toEqual([0, 0, 0, 0]);
  });

  it('is turned away with another state, or from another company than was asked', async () => {
    expect((await refusalOf(stage.signIn({}, { code: CODE, state: 'another' }))).code).toBe(
      'auth.state_invalid',
    );
    const elsewhere = { code: CODE, appid: 'wwfedcba9876543210' };
    expect((await refusalOf(stage.signIn({}, elsewhere))).code).toBe('auth.iss_mismatch');
    expect(stage.asked).toEqual([0, 0, 0, 0]);
    const { identity } = await stage.signIn({}, { code: CODE, appid: CORP.corpId });
    expect(identity.subject).toBe('ZhangSan');
  });

  it('is refused without being a member, unless that is allowed (CE-21)', async () => {
    stage.wecom.script({ [WHO]: good({ openid: 'oABC123', external_userid: 'wmDEF456' }) });
    expect((await refusalOf(stage.signIn())).code).toBe('auth.access_denied');
    const { identity } = await stage.signIn({ allowNonMembers: true });
    const rawData = { openid: 'oABC123', external_userid: 'wmDEF456' };
    expect(identity).toMatchObject({ subject: 'openid:oABC123', name: 'oABC123', rawData });
    expect(stage.asked).toEqual([1, 2, 0, 0]);
  });

  // Logto fails with an error of the process, status 500.
  it.each([
    ['nobody', {}],
    ['a user id that is none', { userid: 42 }],
    ['an empty user id', { userid: '' }],
  ])('has to be somebody: an answer that names %s is none', async (_, answer) => {
    stage.wecom.script({ [WHO]: good(answer) });
    expect((await refusalOf(stage.signIn({ allowNonMembers: true }))).code).toBe(
      'connector.invalid_response',
    );
  });
});

describe('whoever agrees to share details', () => {
  const byTicket = {
    userid: 'ZhangSan',
    gender: '1',
    avatar: 'https://wework.example/zhang.png',
    email: 'zhang@private.example',
    biz_mail: 'zhang@corp.example',
    mobile: '13800000000',
  };

  beforeEach(() =>
    stage.wecom.script({
      [WHO]: good({ userid: 'ZhangSan', user_ticket: TICKET, expires_in: 1800 }),
      [BY_ID]: good({ userid: 'ZhangSan', name: '张三', email: 'old@corp.example', alias: 'San' }),
      [BY_TICKET]: good(byTicket),
    }),
  );

  it('is known by them before anything else, with a number in international form', async () => {
    const { identity } = await stage.signIn();
    expect(identity).toMatchObject({
      name: '张三',
      email: 'zhang@private.example',
      emailVerified: false,
      avatar: 'https://wework.example/zhang.png',
      phone: '+8613800000000',
      phoneVerified: false,
    });
    expect([...stage.requestTo(BY_TICKET).form.keys()]).toEqual([JSON.stringify({ user_ticket: TICKET })]);
    expect(stage.requestTo(BY_TICKET).headers['content-type']).toBe('application/json');
  });

  // Logto keeps the ticket and WeCom's errcode in the identity.
  it('leaves neither ticket nor anything else that grants access in the details of the identity', async () => {
    const { identity } = await stage.signIn();
    expect(identity.rawData).toEqual({ ...byTicket, name: '张三', alias: 'San' });
    expect(JSON.stringify(identity)).not.toContain(TICKET);
  });

  it('is known by the address of the company, where there is no other', async () => {
    const { email: _, ...details } = byTicket;
    stage.wecom.script({ [BY_ID]: good({ name: '张三' }), [BY_TICKET]: good(details) });
    expect((await stage.signIn()).identity.email).toBe('zhang@corp.example');
  });

  it('is known by what is known, where a shared detail is empty or of another form', async () => {
    const empty = { ...byTicket, email: '', biz_mail: '', mobile: 'none', avatar: 'javascript:alert(1)' };
    stage.wecom.script({ [BY_TICKET]: good(empty) });
    const { identity } = await stage.signIn();
    expect(identity).toMatchObject({ email: 'old@corp.example', phone: undefined, avatar: undefined });
  });

  it.each<[string, Script]>([
    ['is refused', refusal(40058, 'invalid user_ticket')],
    ['is not answered', drop],
    ['is answered with 500', { status: 500, headers: {}, body: '' }],
  ])('is let in when the request for them %s', async (_, answer) => {
    stage.wecom.script({ [BY_TICKET]: answer });
    const { identity } = await stage.signIn();
    expect(identity).toMatchObject({ subject: 'ZhangSan', name: '张三', email: 'old@corp.example' });
    expect(stage.asked).toEqual([1, 1, 1, 1]);
  });

  // Logto does not ask by ticket where it could not ask by id.
  it('is let in when WeCom tells nothing by the id (60011), and is known by the shared details', async () => {
    stage.wecom.script({ [BY_ID]: refusal(60011, 'no privilege') });
    const { identity } = await stage.signIn();
    expect(identity).toMatchObject({ name: 'ZhangSan', email: 'zhang@private.example' });
    expect(stage.asked).toEqual([1, 1, 1, 1]);
  });
});

describe('a number', () => {
  it.each([
    ['12345678901', '+8612345678901'],
    ['13800000000', '+8613800000000'],
    ['138 0000-0000', '+8613800000000'],
    ['+8613800000000', '+8613800000000'],
    ['+1 (415) 555-0100', '+14155550100'],
    ['+1234567890123456', undefined],
    ['+12345', undefined],
    ['123', undefined],
    ['+0613800000000', undefined],
    ['1380000000x', undefined],
    ['', undefined],
  ])('%j is %s in international form', (mobile, expected) => {
    expect(internationalNumber(mobile)).toBe(expected);
  });
});
