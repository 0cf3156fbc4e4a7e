import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { inNoTime } from '../guards/system-time.js';
import { Browser } from './browser.js';
import { applicationUrl } from './relying-party.js';
import { WecomApplication } from './wecom-application.js';

const privateInfo = { scope: 'snsapi_privateinfo' };

let sandbox: Sandbox;
let wecom: WecomApplication;
let secondCorp: WecomApplication;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  sandbox.wecomLimitTokenRequests(1000);
  wecom = new WecomApplication(sandbox);
  secondCorp = new WecomApplication(sandbox, sandbox.wecomSecondCorp);
});
afterAll(() => sandbox.close());

describe('a code', () => {
  it('names a member by the userid', async () => {
    expect(await wecom.whoCame(await wecom.code('alice'))).toEqual({
      errcode: 0,
      errmsg: 'ok',
      userid: 'AliceArden',
    });
  });

  it('names anybody else by openid and external_userid, and has no ticket for them', async () => {
    const who = await wecom.whoCame(await wecom.code('noor', privateInfo));
    expect(who).toEqual({
      errcode: 0,
      errmsg: 'ok',
      openid: 'oDjGHs-1yCnGrRovBj2yHij5JAAA',
      external_userid: expect.stringMatching(/^wm/),
    });
  });

  it('is good once', async () => {
    const code = await wecom.code('alice');
    expect(await wecom.whoCame(code)).toMatchObject({ errcode: 0 });
    expect(await wecom.whoCame(code)).toMatchObject({ errcode: 40163 });
  });

  it('is good for five minutes', async () => {
    await inNoTime(async () => {
      const [early, late] = [await wecom.code('alice'), await wecom.code('alice')];
      sandbox.advance(299);
      expect(await wecom.whoCame(early)).toMatchObject({ errcode: 0 });
      sandbox.advance(1);
      expect(await wecom.whoCame(late)).toMatchObject({ errcode: 42003 });
    });
  });

  it('has to be one, and of this company', async () => {
    expect(await wecom.whoCame('made-up')).toMatchObject({ errcode: 40029 });
    expect(await secondCorp.whoCame(await wecom.code('alice'))).toMatchObject({ errcode: 40029 });
    expect(await wecom.get('auth/getuserinfo', { access_token: await wecom.token() })).toMatchObject({
      errcode: 41008,
    });
  });

  it('survives a restart, like the application’s token', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-wecom-'));
    const options = { port: 0, applicationUrl, statePath: join(directory, 'state.json') };
    const before = await startSandbox(options);
    const [code, token] = [
      await new WecomApplication(before).code('alice'),
      await new WecomApplication(before).token(),
    ];
    await before.close();
    const after = await startSandbox(options);
    expect(
      await new WecomApplication(after).get('auth/getuserinfo', { access_token: token, code }),
    ).toMatchObject({ userid: 'AliceArden' });
    await after.close();
    rmSync(directory, { recursive: true });
  });
});

describe('two companies', () => {
  it('have different people under the same userid', async () => {
    const [alice, bob] = [await wecom.code('alice'), await secondCorp.code('bob')];
    expect(await wecom.whoCame(alice)).toMatchObject({ userid: 'AliceArden' });
    expect(await secondCorp.whoCame(bob)).toMatchObject({ userid: 'AliceArden' });
    expect(await wecom.member('AliceArden')).toMatchObject({ name: 'Alice Arden' });
    expect(await secondCorp.member('AliceArden')).toMatchObject({ name: 'Bob Bellweather' });
  });

  it('call a stranger by different openids', async () => {
    const zoe = await secondCorp.whoCame(await secondCorp.code('zoe'));
    expect(zoe).toMatchObject({ openid: expect.stringMatching(/^o/) });
    expect(zoe).not.toHaveProperty('userid');
    expect(await secondCorp.whoCame(await secondCorp.code('noor'))).not.toMatchObject({
      openid: 'oDjGHs-1yCnGrRovBj2yHij5JAAA',
    });
  });

  it('take no token of each other', async () => {
    expect(await secondCorp.token()).not.toBe(await wecom.token());
  });
});

describe('a member', () => {
  it('is known by name and department, and not by any way to reach them', async () => {
    const member = await wecom.member('ZoeLi');
    expect(member).toMatchObject({ errcode: 0, userid: 'ZoeLi', name: 'Zoë 李 👩‍🚀', department: [1] });
    for (const detail of ['mobile', 'email', 'biz_mail', 'avatar', 'gender', 'qr_code', 'address']) {
      expect(member).not.toHaveProperty(detail);
    }
  });

  it('has to be named, to exist, and to be within sight of the application', async () => {
    expect(await wecom.get('user/get', { access_token: await wecom.token() })).toMatchObject({
      errcode: 41009,
    });
    expect(await wecom.member('nobody')).toMatchObject({ errcode: 60111 });
    expect(await wecom.member('ChairOfTheBoard')).toMatchObject({ errcode: 60011 });
  });
});

describe('a ticket', () => {
  it('comes with snsapi_privateinfo and opens the details, again and again for half an hour', async () => {
    await inNoTime(async () => {
      const who = await wecom.whoCame(await wecom.code('alice', privateInfo));
      expect(who).toEqual({
        errcode: 0,
        errmsg: 'ok',
        userid: 'AliceArden',
        user_ticket: expect.any(String),
        expires_in: 1800,
      });
      const details = await wecom.details(who['user_ticket']);
      expect(details).toEqual({
        errcode: 0,
        errmsg: 'ok',
        userid: 'AliceArden',
        gender: '0',
        avatar: expect.stringMatching(/^https:/),
        qr_code: expect.stringMatching(/^https:/),
        mobile: '13800138000',
        email: 'alice@example.test',
        biz_mail: 'alicearden@corp.example.test',
        address: '',
      });
      sandbox.advance(1799);
      expect(await wecom.details(who['user_ticket'])).toEqual(details);
      sandbox.advance(1);
      expect(await wecom.details(who['user_ticket'])).toMatchObject({ errcode: 40058 });
    });
  });

  it('opens what was left ticked, and no more', async () => {
    const browser = new Browser(sandbox.url);
    const visit = await browser.press(
      await wecom.open('connect/oauth2/authorize', privateInfo, browser),
      'persona',
      'alice',
    );
    const callback = new URL(
      (await browser.press(visit, 'allow', 'yes', ['scope mobile', 'scope email'])).url,
    );
    const { user_ticket: ticket } = await wecom.whoCame(callback.searchParams.get('code') ?? '');
    const details = await wecom.details(ticket);
    expect(details).toHaveProperty('biz_mail');
    expect(Object.keys(details)).not.toEqual(expect.arrayContaining(['mobile']));
    expect(Object.keys(details)).not.toEqual(expect.arrayContaining(['email']));
  });

  it('opens nothing but the userid of whoever unticks everything', async () => {
    const { user_ticket: ticket } = await wecom.whoCame(await wecom.code('uma', privateInfo));
    expect(await wecom.details(ticket)).toEqual({ errcode: 0, errmsg: 'ok', userid: 'uma' });
  });

  it('is one company’s, even of somebody who belongs to both', async () => {
    const { user_ticket: ticket } = await wecom.whoCame(await wecom.code('bob', privateInfo));
    expect(await secondCorp.details(ticket)).toMatchObject({ errcode: 40058 });
  });

  it('is posted, as JSON', async () => {
    expect(await wecom.get('auth/getuserdetail', { access_token: await wecom.token() })).toMatchObject({
      errcode: 43002,
    });
    expect(await wecom.post('auth/getuserdetail', '{"user_ticket":')).toMatchObject({ errcode: 47001 });
    expect(await wecom.post('auth/getuserdetail', '{}')).toMatchObject({ errcode: 47001 });
  });
});
