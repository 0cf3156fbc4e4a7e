import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digest } from '../../src/common/random.js';
import { environments, TEST_SESSION_SECRET } from '../support/backend.js';
import { SessionStage } from './session-stage.js';

const NEXT_SECRET = 'the session secret that comes after it';

describe.each(environments)('what is kept of a session, on $platform with $database', (environment) => {
  let stage: SessionStage;

  beforeAll(async () => {
    stage = await SessionStage.open(environment);
  });

  afterAll(() => stage.close());

  it('is whose it is, which account it began with, its times and what the browser calls itself: no cookie, no token, no profile (SE-11)', async () => {
    const { browser, sub, sid } = await stage.signIn();
    const cookie = String(browser.cookie('localhost', 'latchkey'));
    const [row, ...more] = await stage.backend.dataSource.query<Record<string, unknown>[]>(
      'SELECT * FROM latchkey_sessions',
    );
    expect(more).toEqual([]);
    const [identity] = await stage.backend.dataSource.query<[{ id: string; user_id: string }]>(
      'SELECT id, user_id FROM latchkey_identities',
    );
    expect({ ...row }).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{21}$/),
      token_hash: digest(cookie),
      user_id: identity.user_id,
      identity_id: identity.id,
      user_agent: 'node',
      created_at: expect.anything(),
      last_seen_at: expect.anything(),
      expires_at: expect.anything(),
    });
    for (const time of ['created_at', 'last_seen_at', 'expires_at'])
      expect(Number(row?.[time])).toBeGreaterThan(1e9);
    const text = JSON.stringify(row);
    for (const secret of [cookie, sub, sid, ...stage.issuer.secrets]) expect(text).not.toContain(secret);
    const dump = await stage.backend.database.dump();
    for (const secret of [cookie, ...stage.issuer.secrets]) expect(dump.includes(secret)).toBe(false);
    expect(dump.includes(digest(cookie))).toBe(true);
  });

  it('does not depend on the session secret, which forms alone do: an old one is good while it is listed (SE-14)', async () => {
    const visitor = await stage.signIn();
    const changing = await stage.anotherInstance({ sessionSecret: [NEXT_SECRET, TEST_SESSION_SECRET] });
    const changed = await stage.anotherInstance({ sessionSecret: [NEXT_SECRET] });
    const [old, next] = [await stage.proof(visitor), await stage.proof(visitor, changing.url)];
    expect(next.get('csrf_token')).not.toBe(old.get('csrf_token'));
    const link = async (url: string, body: URLSearchParams) =>
      (await visitor.browser.json(`${url}/auth/social/nowhere/link`, { method: 'POST', body })).status;
    // Past the proof, nobody knows this connector.
    expect([await link(changing.url, old), await link(changing.url, next)]).toEqual([404, 404]);
    expect([await link(changed.url, old), await link(changed.url, next)]).toEqual([403, 404]);
    expect(await link(stage.backend.url, next)).toBe(403);
    for (const { url } of [stage.backend, changing, changed])
      expect(await stage.isSignedIn(visitor, url)).toBe(true);
    const signOut = await visitor.browser.request(`${changing.url}/auth/sign-out`, {
      method: 'POST',
      body: old,
    });
    expect([signOut.status, await stage.isSignedIn(visitor, changing.url)]).toEqual([303, false]);
  });

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
    'of where to return to is judged again when it is used: %j leads nowhere (SE-15)',
    async (address) => {
      const { browser } = await stage.signIn();
      const start = await browser.request(`${stage.backend.url}/auth/sign-in?return_to=%2Fapi%2Fme`);
      const callback = await browser.request(start.headers.get('location') ?? '');
      await stage.backend.dataSource.query(`UPDATE latchkey_transactions SET return_to = '${address}'`);
      const answer = await browser.json(callback.headers.get('location') ?? '');
      expect([answer.status, answer.body['code']]).toEqual([400, 'auth.return_to_invalid']);
      expect(answer.headers.get('location')).toBeNull();
    },
  );

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'is shown to no page of %s (SE-18)',
    async (origin) => {
      const { browser } = await stage.signIn();
      const paths = [
        '/',
        '/api/me',
        '/api/my-account/sessions',
        '/auth/sign-in',
        '/auth/callback',
        '/nowhere',
      ];
      for (const path of paths)
        for (const method of ['GET', 'OPTIONS']) {
          const headers = { origin, 'access-control-request-method': 'GET' };
          const answer = await browser.request(stage.backend.url + path, { method, headers });
          const allowed = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
          expect([path, method, allowed]).toEqual([path, method, []]);
        }
    },
  );
});
