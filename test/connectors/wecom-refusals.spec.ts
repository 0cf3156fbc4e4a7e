import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../src/common/errors.js';
import { json } from '../support/hostile-issuer-http.js';
import { profileFaults } from '../support/provider-faults.js';
import { refusalOf } from '../support/round-trip.js';
import { drop } from '../support/scripted-provider.js';
import {
  APP_SECRET,
  BY_ID,
  BY_TICKET,
  CODE,
  firstly,
  GETTOKEN,
  good,
  refusal,
  TICKET,
  WecomStage,
  WHO,
} from './wecom-stage.js';

let stage: WecomStage;

beforeAll(async () => void (stage = await WecomStage.open()));
afterAll(() => stage.close());
beforeEach(() => stage.renew());

const IP_REFUSED =
  'not allow to access from your ip, hint: [1763700000123456789], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=60020';

describe('an errcode', () => {
  // Logto knows the first three at gettoken alone, which takes no code, and all of these but 40001 as `general`.
  it.each<[errcode: number, atGettoken: ErrorCode, elsewhere: ErrorCode]>([
    [40029, 'connector.social_auth_code_invalid', 'connector.social_auth_code_invalid'],
    [40163, 'connector.social_auth_code_invalid', 'connector.social_auth_code_invalid'],
    [42003, 'connector.social_auth_code_invalid', 'connector.social_auth_code_invalid'],
    [40001, 'connector.misconfigured', 'connector.social_invalid_access_token'],
    [40014, 'connector.invalid_response', 'connector.social_invalid_access_token'],
    [42001, 'connector.invalid_response', 'connector.social_invalid_access_token'],
    [40013, 'connector.misconfigured', 'connector.invalid_response'],
    [40091, 'connector.misconfigured', 'connector.invalid_response'],
    [60020, 'connector.misconfigured', 'connector.misconfigured'],
    [60011, 'connector.misconfigured', 'connector.misconfigured'],
    [50001, 'connector.misconfigured', 'connector.misconfigured'],
    [45009, 'connector.rate_limited', 'connector.rate_limited'],
    [-1, 'connector.provider_unavailable', 'connector.provider_unavailable'],
    [41009, 'connector.invalid_response', 'connector.invalid_response'],
    [40003, 'connector.invalid_response', 'connector.invalid_response'],
  ])(
    '%d means the same wherever it can come, and keeps its words (CE-17, CE-20)',
    async (errcode, ...codes) => {
      for (const [index, route] of ([GETTOKEN, WHO] as const).entries()) {
        await stage.renew();
        stage.wecom.script({ [route]: refusal(errcode, 'as WeCom says') });
        const { code, upstream, message } = await refusalOf(stage.signIn());
        expect([route, code]).toEqual([route, codes[index]]);
        expect(upstream).toMatchObject({ status: 200, code: String(errcode) });
        expect(upstream?.description).toContain('as WeCom says');
        expect(message).not.toContain('as WeCom says');
      }
    },
  );

  it('60020 tells the administrator which address to trust, and the person nothing (CE-20)', async () => {
    stage.wecom.script({ [WHO]: refusal(60020, IP_REFUSED) });
    const { code, message, upstream } = await refusalOf(stage.signIn());
    expect([code, message]).toEqual(['connector.misconfigured', 'The provider refuses this application.']);
    expect(upstream?.advice).toBe('Add 203.0.113.7 to the trusted IPs of the application.');
    expect(upstream?.description).toContain('not allow to access from your ip');
  });

  it.each([GETTOKEN, WHO] as const)('is asked for once at %s', async (route) => {
    stage.wecom.script({ [route]: refusal(-1, 'system busy') });
    await refusalOf(stage.signIn());
    expect(stage.wecom.requestsTo(route)).toHaveLength(1);
  });
});

describe('an application token that WeCom no longer takes', () => {
  it.each([40014, 42001, 40001])(
    'is fetched again and the call made again, once: %d (CE-18)',
    async (errcode) => {
      stage.wecom.script({ [WHO]: firstly(refusal(errcode), good({ userid: 'ZhangSan' })) });
      expect((await stage.signIn()).identity.subject).toBe('ZhangSan');
      expect(stage.asked).toEqual([2, 2, 1, 0]);
      const [first, second] = stage.wecom.requestsTo(WHO).map(({ query }) => query.get('access_token'));
      expect(first).not.toBe(second);
      expect(stage.requestTo(BY_ID).query.get('access_token')).toBe(second);
    },
  );

  it('is the end of the sign-in when the next one is not taken either (CE-18)', async () => {
    stage.wecom.script({ [WHO]: refusal(40014) });
    expect((await refusalOf(stage.signIn())).code).toBe('connector.social_invalid_access_token');
    expect(stage.asked).toEqual([2, 2, 0, 0]);
  });

  it('is fetched again once for many who notice at the same time (CE-18)', async () => {
    await stage.signIn();
    const [, token] = [0, stage.requestTo(WHO).query.get('access_token')];
    const taken = (query: URLSearchParams) => query.get('access_token') !== token;
    stage.wecom.script({
      [WHO]: ({ query }) => (taken(query) ? good({ userid: 'ZhangSan' }) : refusal(40014)),
    });
    await Promise.all(Array.from({ length: 20 }, () => stage.signIn()));
    expect(stage.asked[0]).toBe(2);
  });

  // Logto lets the person in without details; here the call is made again, and details are had.
  it('does not cost the details (40001)', async () => {
    stage.wecom.script({
      [WHO]: good({ userid: 'ZhangSan', user_ticket: TICKET }),
      [BY_TICKET]: firstly(refusal(40001), good({ email: 'zhang@private.example' })),
    });
    expect((await stage.signIn()).identity.email).toBe('zhang@private.example');
    expect(stage.asked).toEqual([2, 1, 1, 2]);
  });

  it('is no missing detail: the application has a problem that somebody must see', async () => {
    stage.wecom.script({ [BY_ID]: refusal(42001) });
    expect((await refusalOf(stage.signIn())).code).toBe('connector.social_invalid_access_token');
    stage.wecom.script({ [BY_ID]: refusal(42001), [GETTOKEN]: refusal(40001) });
    expect((await refusalOf(stage.signIn())).code).toBe('connector.misconfigured');
  });
});

describe('credentials that WeCom does not take', () => {
  it('are asked with once in a while, however many people come', async () => {
    stage.wecom.script({ [GETTOKEN]: refusal(40001, 'invalid credential') });
    const errors = await Promise.all(Array.from({ length: 50 }, () => refusalOf(stage.signIn())));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['connector.misconfigured']));
    expect((await refusalOf(stage.signIn())).retryAfterSeconds).toBe(2);
    expect(stage.asked).toEqual([1, 0, 0, 0]);
  });

  it('are told apart when somebody checks them, at once and each time', async () => {
    const verify = () => stage.connector.verifyCredentials(stage.instance());
    await verify();
    for (const errcode of [40001, 40013, 40091]) {
      stage.wecom.script({ [GETTOKEN]: refusal(errcode) });
      expect((await refusalOf(verify())).code).toBe('connector.misconfigured');
    }
    expect(stage.asked).toEqual([4, 0, 0, 0]);
    expect(await stage.tokens.rows()).toEqual([]);
  });
});

describe('an answer that is none', () => {
  it.each([...profileFaults])('at auth/getuserinfo: %s', async (_, answer, code) => {
    stage.wecom.script({ [WHO]: answer });
    expect((await refusalOf(stage.signIn())).code).toBe(code);
    expect(stage.asked).toEqual([1, 1, 0, 0]);
  });

  const ofToken = profileFaults.filter(([, , code]) => code !== 'connector.social_invalid_access_token');
  it.each([
    ...ofToken,
    ['401', json({}, 401), 'connector.misconfigured'] as const,
    ['neither errcode nor token', json({}), 'connector.invalid_response'] as const,
    ['an empty token', good({ access_token: '', expires_in: 7200 }), 'connector.invalid_response'] as const,
    ['no lifetime', good({ access_token: 'a' }), 'connector.invalid_response'] as const,
    [
      'a lifetime of nothing',
      good({ access_token: 'a', expires_in: 0 }),
      'connector.invalid_response',
    ] as const,
  ])('at gettoken: %s', async (_, answer, code) => {
    stage.wecom.script({ [GETTOKEN]: answer });
    expect((await refusalOf(stage.signIn())).code).toBe(code);
    expect(stage.asked).toEqual([1, 0, 0, 0]);
  });

  it.each([...profileFaults])('at user/get costs nobody the sign-in: %s', async (_, answer) => {
    stage.wecom.script({ [BY_ID]: answer });
    expect((await stage.signIn()).identity).toMatchObject({ subject: 'ZhangSan', name: 'ZhangSan' });
    expect(stage.asked).toEqual([1, 1, 1, 0]);
  });
});

describe('secrets in addresses', () => {
  const failures = [
    ...profileFaults.map(([name, answer]) => [name, answer] as const),
    [
      'an errmsg that repeats them',
      refusal(40003, `${APP_SECRET.replaceAll(' ', '')} application-token-12345 ${CODE}`),
    ],
    ['an end of the connection', drop],
  ] as const;
  const forms = (secret: string) => [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ secret }).toString().slice(7),
  ];

  it.each(failures)('stand in no error and no log: %s', async (_, answer) => {
    const logs: unknown[] = [];
    const record = (...parts: unknown[]) => void logs.push(parts);
    Logger.overrideLogger({ log: record, warn: record, error: record });
    for (const route of [GETTOKEN, WHO, BY_ID] as const) {
      await stage.renew();
      stage.wecom.script({ [route]: answer });
      logs.push(await stage.signIn().catch((error: unknown) => error));
    }
    Logger.overrideLogger(false);
    const printed = inspect(logs, { depth: null, showHidden: true, maxStringLength: null });
    expect(printed.length).toBeGreaterThan(500);
    for (const secret of [APP_SECRET, CODE, 'application-token-'].flatMap(forms)) {
      expect([secret, printed.includes(secret)]).toEqual([secret, false]);
    }
  });
});
