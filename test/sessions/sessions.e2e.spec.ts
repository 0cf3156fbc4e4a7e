import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Session } from '../../src/auth/session/session.entity.js';
import { Sessions } from '../../src/auth/session/sessions.js';
import { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import { LogtoSessions } from '../../src/auth/logto/logto-sessions.js';
import { LatchkeyError } from '../../src/common/errors.js';
import { Identity } from '../../src/identities/identity.entity.js';
import { User } from '../../src/identities/user.entity.js';
import { Sealer } from '../../src/sealing/sealer.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { environments, startBackend } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import {
  consent,
  signInThroughGoogle,
  signInThroughLogto,
  startSandboxed,
  type Sandboxed,
} from '../support/sandboxed.js';

const COOKIE = 'latchkey';

describe.each(environments)('sessions on $platform with $database', ({ platform, database }) => {
  let stage: Sandboxed;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    stage = await startSandboxed({ platform, database });
    ({ url } = stage.backend);
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    stage.sandbox.clearFaults();
    const { dataSource } = stage.backend;
    for (const table of [StoredSecret, User, Session, LogtoSession])
      await dataSource.getRepository<object>(table).deleteAll();
    browser = new Browser();
  });

  const me = (from = browser) => from.json(`${url}/api/me`);
  const cookie = (from = browser) => from.cookie('localhost', COOKIE);
  const withCookie = (value: string | undefined) => {
    const other = new Browser();
    other.setCookie('localhost', COOKIE, String(value));
    return other;
  };
  const count = (table: typeof Session | typeof LogtoSession | typeof User | typeof Identity) =>
    stage.backend.dataSource.getRepository<object>(table).count();

  it('begin under a new id, and what the browser had before is worth nothing (SE-01)', async () => {
    const planted = 'A'.repeat(43);
    browser.setCookie('localhost', COOKIE, planted);
    await signInThroughLogto(browser, stage.backend);
    expect(cookie()).not.toBe(planted);
    expect((await me(withCookie(planted))).status).toBe(401);

    const first = cookie();
    await signInThroughGoogle(browser, stage.backend, 'bob');
    expect(cookie()).not.toBe(first);
    expect((await me(withCookie(first))).status).toBe(401);
    expect((await me()).body).toMatchObject({ email: 'bob@example.test' });
    expect(await count(Session)).toBe(1);
  });

  it('end at sign-out, for the cookie too that somebody kept (SE-02)', async () => {
    await signInThroughLogto(browser, stage.backend);
    const kept = cookie();
    const page = await (await browser.open(`${url}/`)).send('/auth/sign-out');
    expect(page.url.split('?')[0]).toBe(`${url}/`);
    expect(cookie()).toBeUndefined();
    expect((await me(withCookie(kept))).status).toBe(401);
    expect([await count(Session), await count(LogtoSession)]).toEqual([0, 0]);
  });

  it('end at Logto too: the refresh token is revoked and the next sign-in asks who it is (LO-01)', async () => {
    await signInThroughLogto(browser, stage.backend);
    stage.sandbox.clearRequests();
    await (await browser.open(`${url}/`)).send('/auth/sign-out');
    const requests = Object.keys(stage.sandbox.requests()).join('\n');
    expect(requests).toContain('POST /oidc/token/revocation');
    expect(requests).toContain('GET /oidc/session/end');
    expect((await browser.open(`${url}/auth/sign-in`)).html).toContain('name="persona"');
  });

  it.each([
    ['is down', { status: 503, body: 'down' }],
    ['drops the connection', { dropConnection: true }],
    ['answers with nonsense', { status: 200, body: 'nonsense' }],
  ])('end here even though Logto %s', async (_, fault) => {
    await signInThroughLogto(browser, stage.backend);
    const kept = cookie();
    stage.sandbox.fail({ path: '/oidc/token/revocation', ...fault });
    const answer = await browser.request(`${url}/auth/sign-out`, {
      method: 'POST',
      body: await signOutForm(),
    });
    expect(answer.status).toBe(303);
    expect((await me(withCookie(kept))).status).toBe(401);
  });

  const signOutForm = async () => {
    const { html } = await browser.open(`${url}/`);
    return new URLSearchParams({ csrf_token: /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '' });
  };

  it('get a new id when an account is linked, and stay the same record with Logto’s tokens (SE-03)', async () => {
    await signInThroughLogto(browser, stage.backend);
    const before = cookie();
    const [record] = await stage.backend.dataSource.getRepository(Session).find();
    const page = await (await browser.open(`${url}/`)).send('/auth/social/google/link');
    expect((await consent(await page.press('persona', 'alice'))).url).toBe(`${url}/`);
    expect(cookie()).not.toBe(before);
    expect((await me(withCookie(before))).status).toBe(401);
    expect((await stage.backend.dataSource.getRepository(Session).find()).map(({ id }) => id)).toEqual([
      record?.id,
    ]);
    expect(await count(LogtoSession)).toBe(1);
    expect([await count(User), await count(Identity)]).toEqual([1, 2]);
    expect((await browser.json(`${url}/api/my-account/identities/google/access-token`)).status).toBe(200);
  });

  it('leave a cookie that only the server reads and that other sites’ forms do not carry (SE-04)', async () => {
    await signInThroughLogto(browser, stage.backend);
    const again = await browser.request(`${url}/auth/sign-in`);
    const callback = await follow(again);
    const [set] = callback.headers.getSetCookie().filter((header) => header.startsWith(`${COOKIE}=`));
    const attributes = String(set).split('; ').slice(1).sort();
    expect(attributes).toEqual(['HttpOnly', 'Max-Age=1209600', 'Path=/', 'SameSite=Lax']);
  });

  /** Goes on until the backend's callback has been answered. */
  const follow = async (response: Response): Promise<Response> => {
    const location = new URL(response.headers.get('location') ?? '', stage.sandbox.url).href;
    const next = await browser.request(location);
    return location.startsWith(`${url}/auth/callback`) ? next : follow(next);
  };

  it('run out after fourteen days, and their rows are cleared away', async () => {
    await signInThroughLogto(browser, stage.backend);
    stage.backend.clock.advance(14 * 24 * 3600);
    expect((await me()).status).toBe(401);
    await browser.open(`${url}/auth/sign-in`);
    expect((await me()).status).toBe(200);
    expect(await count(Session)).toBe(1);
    stage.backend.clock.advance(-14 * 24 * 3600);
  });

  it('of a deleted user are over, without a loop of redirects (SE-12)', async () => {
    await signInThroughLogto(browser, stage.backend);
    await stage.backend.dataSource.getRepository(User).deleteAll();
    stage.backend.clock.advance(1);
    expect((await me()).status).toBe(401);
    expect((await browser.open(`${url}/`)).status).toBe(200);
  });

  it('survive a request that was sent before the cookie changed and is answered after it', async () => {
    await signInThroughLogto(browser, stage.backend);
    const late = withCookie(cookie());
    await signInThroughGoogle(browser, stage.backend, 'bob');
    const answer = await late.request(`${url}/api/me`);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
  });

  it('are not begun when Logto’s tokens cannot be kept with them', async () => {
    const sealer = stage.backend.get(Sealer);
    const failing = jest
      .spyOn(sealer, 'seal')
      .mockRejectedValueOnce(new LatchkeyError('vault.key_unavailable', 'away'));
    expect((await signInThroughLogto(browser, stage.backend)).status).toBe(503);
    expect([(await me()).status, await count(Session), await count(LogtoSession)]).toEqual([401, 0, 0]);
    failing.mockRestore();
  });

  it('keep Logto’s tokens sealed for this session and no other (VC-01, VC-03)', async () => {
    await signInThroughLogto(browser, stage.backend, 'alice');
    const other = new Browser();
    await signInThroughLogto(other, stage.backend, 'bob');
    const rows = await stage.backend.dataSource.getRepository(LogtoSession).find();
    const logtoSessions = stage.backend.get(LogtoSessions);
    const held = await Promise.all(rows.map(({ sessionId }) => logtoSessions.read(sessionId)));
    const dump = await stage.backend.database.dump();
    for (const token of held.flatMap((one) => [one?.tokens.idToken, one?.tokens.refreshToken])) {
      expect(String(token).length).toBeGreaterThan(20);
      expect(dump.includes(String(token))).toBe(false);
    }
    const [first, second] = rows as [LogtoSession, LogtoSession];
    await stage.backend.dataSource
      .getRepository(LogtoSession)
      .update(first.sessionId, { sealed: second.sealed });
    await expect(logtoSessions.read(first.sessionId)).rejects.toMatchObject({
      code: 'vault.integrity_error',
    });
  });

  it.each([
    ['too short', 'abc'],
    ['too long', 'A'.repeat(4000)],
    ['of other characters', `${'A'.repeat(42)}'`],
    ['unknown', 'B'.repeat(43)],
  ])('do not come from a cookie that is %s', async (_, value) => {
    expect((await me(withCookie(value))).status).toBe(401);
  });

  it.each(['/auth/sign-out', '/auth/social/google/link'])(
    'refuse a form without proof at %s (SE-07)',
    async (path) => {
      await signInThroughLogto(browser, stage.backend);
      for (const body of [
        new URLSearchParams(),
        new URLSearchParams({ csrf_token: 'x' }),
        new URLSearchParams({ csrf_token: 'A'.repeat(43) }),
      ]) {
        const answer = await browser.json(`${url}${path}`, { method: 'POST', body });
        expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
      }
      const foreign = await browser.json(`${url}${path}`, {
        method: 'POST',
        body: await signOutForm(),
        headers: { origin: 'https://evil.example' },
      });
      expect(foreign.status).toBe(403);
      expect((await me()).status).toBe(200);
    },
  );

  it('refuse the proof of another session', async () => {
    await signInThroughLogto(browser, stage.backend);
    const proof = await signOutForm();
    const other = new Browser();
    await signInThroughLogto(other, stage.backend, 'bob');
    expect((await other.json(`${url}/auth/sign-out`, { method: 'POST', body: proof })).status).toBe(403);
  });

  it('do not link an account that belongs to another user (AL-12)', async () => {
    await signInThroughGoogle(new Browser(), stage.backend, 'alice');
    await signInThroughLogto(browser, stage.backend, 'alice');
    const page = await (await browser.open(`${url}/`)).send('/auth/social/google/link');
    const refused = await consent(await page.press('persona', 'alice'));
    expect(refused.status).toBe(422);
    expect(refused.html).toContain('user.identity_already_in_use');
    expect((await browser.json(`${url}/api/my-account/identities/google/access-token`)).status).toBe(404);
  });

  it('do not finish a link that somebody else started in the same browser (AL-10)', async () => {
    await signInThroughLogto(browser, stage.backend, 'alice');
    const page = await (await browser.open(`${url}/`)).send('/auth/social/google/link');
    await (await browser.open(`${url}/`)).send('/auth/sign-out');
    await signInThroughLogto(browser, stage.backend, 'bob');
    const refused = await consent(await page.press('persona', 'alice'));
    expect(refused.status).toBe(403);
    expect(refused.html).toContain('auth.link_refused');
    expect(await stage.backend.dataSource.getRepository(Identity).countBy({ target: 'google' })).toBe(0);
  });

  it('of twenty first sign-ins at once belong to one user (AL-20)', async () => {
    const browsers = Array.from({ length: 20 }, () => new Browser());
    await Promise.all(browsers.map((one) => signInThroughGoogle(one, stage.backend, 'noor')));
    const users = await Promise.all(browsers.map(async (one) => (await me(one)).body['id']));
    expect(new Set(users).size).toBe(1);
    expect([await count(User), await count(Identity), await count(Session)]).toEqual([1, 1, 20]);
  });

  it('return to the path of ours that was asked for, and to no other place (AR-08)', async () => {
    expect(
      (await signInThroughLogto(browser, stage.backend, 'alice', '?return_to=%2Fapi%2Fme%3Fx%3D1')).url,
    ).toBe(`${url}/api/me?x=1`);
    for (const evil of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/\t/evil.example',
      ' /x',
      '\\\\evil.example',
    ]) {
      const answer = await browser.json(
        `${url}/auth/sign-in?${new URLSearchParams({ return_to: evil }).toString()}`,
      );
      expect([evil, answer.status, answer.body['code']]).toEqual([evil, 400, 'auth.return_to_invalid']);
    }
  });
});

it('leaves cookies bound to this very host over https (SE-04)', async () => {
  const settings = {
    baseUrl: 'https://app.example.test',
    logto: { endpoint: 'http://localhost:9', appId: 'a', appSecret: 'b' },
  };
  const backend = await startBackend({ settings });
  try {
    await backend.dataSource.getRepository(User).insert({
      id: 'u',
      name: null,
      email: null,
      emailVerified: false,
      avatar: null,
      suspended: false,
      createdAt: 1,
      lastSignInAt: 1,
    });
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    await backend.get(Sessions).open({ headers: {} }, response, 'u');
    expect(response.getHeader('set-cookie')).toMatch(
      /^__Host-latchkey=[\w-]{43}; Path=\/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax$/,
    );
  } finally {
    await backend.close();
  }
});
