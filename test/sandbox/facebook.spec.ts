import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { inNoTime } from '../guards/system-time.js';
import { Browser } from './browser.js';
import { challenge, FacebookApp, redirectUri, refusalOf, tokenOf, verifier } from './facebook-app.js';
import { applicationUrl } from './relying-party.js';

const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
const CONSENT = 'name="allow"';

let sandbox: Sandbox;
let app: FacebookApp;
let browser: Browser;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  app = new FacebookApp(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  browser = new Browser(sandbox.url);
  for (const persona of ['alice', 'bob', 'noor', 'uma']) sandbox.facebookRemoveApp(persona);
});

const choose = async (persona: string, parameters: Readonly<Record<string, string>> = {}) =>
  browser.press(await browser.get(app.dialogUrl(parameters)), 'persona', persona);

const permissionsOf = async (token: string) => (await app.call(token, 'me/permissions')).body['data'];

describe('the dialog', () => {
  it('has an app id of digits alone', () => {
    expect(sandbox.facebook.clientId).toMatch(/^\d{15,16}$/);
  });

  it('calls back with code and state, and the fragment that Facebook adds', async () => {
    const callback = await app.authorize('alice');
    expect(`${callback.origin}${callback.pathname}`).toBe(redirectUri);
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      code: expect.stringMatching(/^AQ/),
      state: 'some state',
    });
    expect(callback.hash).toBe('#_=_');
  });

  it.each(['v2.12', 'v13.0', 'v23.0'])('answers to version %s, and each has its path', async (version) => {
    const { status, body } = await browser.get(app.dialogUrl().replace('v23.0', version));
    expect(status).toBe(200);
    expect(body).toContain(`action="/facebook/${version}/dialog/oauth"`);
  });

  it('is nowhere without a version', async () => {
    expect((await browser.get(app.dialogUrl().replace('/v23.0', '/latest'))).status).toBe(404);
  });

  it.each(['the choice of an account', 'the consent'])('tells that the person cancelled %s', async (step) => {
    let visit = await browser.get(app.dialogUrl());
    if (step === 'the consent') visit = await browser.press(visit, 'persona', 'alice');
    const callback = new URL((await browser.press(visit, 'cancel')).url);
    expect(Object.fromEntries(callback.searchParams)).toEqual({
      error: 'access_denied',
      error_code: '200',
      error_description: 'Permissions error',
      error_reason: 'user_denied',
      state: 'some state',
    });
    expect(callback.hash).toBe('#_=_');
  });

  it('is cancelled by whoever cancels everything', async () => {
    expect((await app.authorize('carla')).searchParams.get('error_reason')).toBe('user_denied');
  });

  it.each([
    ['an unknown app', { client_id: '1' }, 'Invalid App ID'],
    ['a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, 'URL Blocked'],
    ['a redirect URI that differs by a query', { redirect_uri: `${redirectUri}?a=1` }, 'URL Blocked'],
    ['a permission that cannot be', { scope: 'email,No-Such' }, 'permission that does not exist'],
    ['another response type', { response_type: 'token' }, 'response_type'],
    ['plain PKCE', { code_challenge: challenge, code_challenge_method: 'plain' }, 'code_challenge_method'],
  ])('shows a page for %s, and sends nobody back', async (_case, parameters, shown) => {
    const visit = await browser.get(app.dialogUrl(parameters));
    expect(visit).toMatchObject({ status: 400, location: null });
    expect(visit.body).toContain(shown);
  });
});

describe('permissions', () => {
  it.each(['email,public_profile', 'email public_profile', 'email', 'email, public_profile'])(
    'are read from %j, and the basic one is always among them',
    async (scope) => {
      const token = await app.signIn('alice', { scope });
      expect(await permissionsOf(token)).toEqual(
        expect.arrayContaining([
          { permission: 'public_profile', status: 'granted' },
          { permission: 'email', status: 'granted' },
        ]),
      );
    },
  );

  it('can be left out, but for the basic one', async () => {
    const { body } = await choose('uma', { scope: 'email,user_friends' });
    expect(body).toMatch(/type="checkbox"[^>]*email/);
    expect(body).not.toMatch(/type="checkbox"[^>]*public_profile/);
    const token = await app.signIn('uma');
    expect(await permissionsOf(token)).toEqual([
      { permission: 'public_profile', status: 'granted' },
      { permission: 'email', status: 'declined' },
    ]);
  });

  it('are asked for once, and those that are new in addition', async () => {
    await app.signIn('alice', { scope: 'email' });
    expect(new URL((await choose('alice', { scope: 'email' })).url).searchParams.has('code')).toBe(true);
    const { body } = await choose('alice', { scope: 'email,user_friends' });
    expect(body).toContain('<code>user_friends</code>');
    expect(body).not.toContain('<code>email</code>');
  });

  it('that were declined are asked for again only on auth_type=rerequest', async () => {
    await app.signIn('uma');
    expect((await choose('uma')).body).not.toContain(CONSENT);
    const { body } = await choose('uma', { auth_type: 'rerequest' });
    expect(body).toContain(CONSENT);
    expect(body).toContain('<code>email</code>');
    expect(body).not.toContain('<code>public_profile</code>');
  });
});

describe('the exchange of a code', () => {
  it.each(['GET', 'POST'] as const)(
    'answers %s with a token of an hour or two, and no scope',
    async (method) => {
      const code = await app.code('alice');
      const { status, body, headers } = await app.token({ code, redirect_uri: redirectUri }, method);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({
        access_token: expect.stringMatching(/^EAA[0-9a-f]+$/),
        token_type: 'bearer',
        expires_in: 5400,
      });
    },
  );

  it('succeeds once for each code', async () => {
    const code = await app.code('alice');
    const first = tokenOf(await app.redeem(code));
    const second = await app.redeem(code);
    expect(refusalOf(second)).toEqual([400, 100, 36009]);
    expect(second.body).toEqual({
      error: {
        message: 'This authorization code has been used.',
        type: 'OAuthException',
        code: 100,
        error_subcode: 36009,
        fbtrace_id: expect.stringMatching(/^A[\w-]{22}$/),
      },
    });
    expect((await app.call(first, 'me')).status).toBe(200);
  });

  it('yields one token to parallel attempts', async () => {
    const code = await app.code('alice');
    const answers = await Promise.all([1, 2, 3].map(() => app.redeem(code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('is refused ten minutes later', async () => {
    await inNoTime(async () => {
      const code = await app.code('alice');
      sandbox.advance(599);
      expect((await app.redeem(code)).status).toBe(200);
      const late = await app.code('alice');
      sandbox.advance(600);
      expect(refusalOf(await app.redeem(late))).toEqual([400, 100, 36007]);
    });
  });

  it.each([
    ['another redirect URI', { redirect_uri: `${applicationUrl}/elsewhere` }, [400, 100, 36008]],
    ['a made-up code', { code: 'AQmade-up' }, [400, 100, undefined]],
    ['an unknown app', { client_id: '1' }, [400, 101, undefined]],
    ['a wrong secret, with the number of an outage', { client_secret: 'wrong' }, [400, 1, undefined]],
    ['an unknown grant type', { grant_type: 'refresh_token' }, [400, 100, undefined]],
  ])('is refused for %s', async (_case, parameters, refusal) => {
    expect(refusalOf(await app.redeem(await app.code('alice'), parameters))).toEqual(refusal);
  });

  it('is refused for a code of another app', async () => {
    const other = { clientId: '77', clientSecret: 'other secret', redirectUris: [redirectUri] };
    const second = await startSandbox({ port: 0, applicationUrl, clients: [other] });
    const code = await new FacebookApp(second).code('alice');
    expect(refusalOf(await new FacebookApp(second, other).redeem(code))).toEqual([400, 100, undefined]);
    await second.close();
  });

  it('says in its challenge what is wrong, without parameters', async () => {
    const { headers } = await app.redeem('AQmade-up');
    expect(headers.get('www-authenticate')).toBe(
      'OAuth "Facebook Platform" "invalid_code" "Invalid verification code format."',
    );
  });

  it.each([
    ['the verifier', { code_verifier: verifier }, 200],
    ['another verifier', { code_verifier: `${verifier}!` }, 400],
    ['no verifier', {}, 400],
  ])('holds a challenge against %s', async (_case, parameters, status) => {
    expect((await app.redeem(await app.code('alice', pkce), parameters)).status).toBe(status);
  });

  it('does not look at a verifier where no challenge was sent', async () => {
    expect((await app.redeem(await app.code('alice'), { code_verifier: verifier })).status).toBe(200);
  });
});

describe('the long-lived token', () => {
  it('is had for a short one, and lives about 60 days', async () => {
    await inNoTime(async () => {
      const short = await app.signIn('alice');
      const { body } = await app.exchange(short);
      expect(body).toEqual({
        access_token: expect.stringMatching(/^EAA/),
        token_type: 'bearer',
        expires_in: 5_183_944,
      });
      sandbox.advance(5400);
      expect(refusalOf(await app.call(short, 'me'))).toEqual([400, 190, 463]);
      sandbox.advance(5_183_944 - 5401);
      expect((await app.call(String(body['access_token']), 'me')).status).toBe(200);
      sandbox.advance(1);
      expect(refusalOf(await app.call(String(body['access_token']), 'me'))).toEqual([400, 190, 463]);
    });
  });

  it('is had for a long-lived one as long as that lives', async () => {
    const first = tokenOf(await app.exchange(await app.signIn('alice')));
    sandbox.advance(59 * 24 * 3600);
    const second = tokenOf(await app.exchange(first));
    sandbox.advance(59 * 24 * 3600);
    expect((await app.call(second, 'me')).status).toBe(200);
    expect(refusalOf(await app.exchange(first))).toEqual([400, 190, 463]);
  });

  it('is not had for an expired, a made-up or no token', async () => {
    const short = await app.signIn('alice');
    sandbox.advance(5400);
    expect(refusalOf(await app.exchange(short))).toEqual([400, 190, 463]);
    expect(refusalOf(await app.exchange('EAAmade-up'))).toEqual([400, 190, 467]);
    expect(refusalOf(await app.token({ grant_type: 'fb_exchange_token' }))).toEqual([400, 100, undefined]);
  });
});

describe('requests', () => {
  it('are counted by path and grant type, in the query as well', async () => {
    const token = await app.signIn('alice');
    sandbox.clearRequests();
    await app.exchange(token);
    await app.call(token, 'me');
    expect(sandbox.requests()).toEqual({
      'GET /facebook/graph/v23.0/oauth/access_token fb_exchange_token': 1,
      'GET /facebook/graph/v23.0/me': 1,
    });
  });

  it('meet a fault in whatever version', async () => {
    sandbox.fail({ path: '/facebook/graph/*/me', status: 500, body: '{"error":{"code":2}}', times: 1 });
    const token = await app.signIn('alice');
    expect(refusalOf(await app.call(token, 'me'))).toEqual([500, 2, undefined]);
    expect((await app.call(token, 'me')).status).toBe(200);
  });
});
