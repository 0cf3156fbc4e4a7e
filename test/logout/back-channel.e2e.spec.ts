import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { copyOf, SessionStage, type Instance } from '../sessions/session-stage.js';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { DROP } from '../support/hostile-issuer-http.js';
import { signInThroughLogto, startSandboxed } from '../support/sandboxed.js';

describe.each(environments)('the back-channel logout on $platform with $database', (environment) => {
  let stage: SessionStage;
  let other: Instance;

  beforeAll(async () => {
    stage = await SessionStage.open(environment);
    other = await stage.anotherInstance();
  });

  afterAll(() => stage.close());

  const tokenOf = (about: { sub?: string; sid?: string }) =>
    stage.issuer.sign(stage.issuer.logoutToken(about));
  const post = async (token: string, url = stage.backend.url) => {
    const body = new URLSearchParams({ logout_token: token });
    return (await fetch(`${url}/auth/backchannel-logout`, { method: 'POST', body })).status;
  };
  const rows = async (table: string) => {
    const [row] = await stage.backend.dataSource.query<[{ n: number }]>(`SELECT count(*) AS n FROM ${table}`);
    return Number(row.n);
  };
  const areSignedIn = (...visitors: { browser: Browser }[]) =>
    Promise.all(visitors.map((visitor) => stage.isSignedIn(visitor)));

  it('ends one session and leaves the others of the person (LO-04)', async () => {
    const first = await stage.signIn();
    const second = await stage.signIn({ sub: first.sub });
    expect(await post(await tokenOf({ sid: first.sid }))).toBe(200);
    expect(await areSignedIn(first, second)).toEqual([false, true]);
    expect(await post(await tokenOf({ sub: second.sub, sid: second.sid }))).toBe(200);
    expect(await areSignedIn(second)).toEqual([false]);
  });

  it('ends all sessions of a person and nobody else’s (LO-04)', async () => {
    const first = await stage.signIn();
    const second = await stage.signIn({ sub: first.sub });
    const stranger = await stage.signIn();
    expect(await post(await tokenOf({ sub: first.sub }))).toBe(200);
    expect(await areSignedIn(first, second, stranger)).toEqual([false, false, true]);
  });

  it('ends nothing where session and person do not belong together (LO-04)', async () => {
    const [alice, bob] = [await stage.signIn(), await stage.signIn()];
    expect(await post(await tokenOf({ sub: alice.sub, sid: bob.sid }))).toBe(200);
    expect(await areSignedIn(alice, bob)).toEqual([true, true]);
  });

  it('counts a session of whose name at Logto nothing is known as that of its person (LO-04)', async () => {
    stage.issuer.bend({ claims: (claims) => Reflect.deleteProperty(claims, 'sid') });
    const unnamed = await stage.signIn();
    stage.issuer.behave();
    const named = await stage.signIn({ sub: unnamed.sub });
    expect(await post(await tokenOf({ sid: randomUUID() }))).toBe(200);
    expect(await areSignedIn(unnamed, named)).toEqual([true, true]);
    expect(await post(await tokenOf({ sub: unnamed.sub, sid: randomUUID() }))).toBe(200);
    expect(await areSignedIn(unnamed, named)).toEqual([false, true]);
  });

  it('leaves no row of the session and no token of it behind (LO-04)', async () => {
    const visitor = await stage.signIn();
    const before = [await rows('latchkey_sessions'), await rows('latchkey_logto_sessions')];
    await post(await tokenOf({ sid: visitor.sid }));
    expect([await rows('latchkey_sessions'), await rows('latchkey_logto_sessions')]).toEqual(
      before.map((count) => count - 1),
    );
  });

  it('ends a session at once where it arrives, and on another instance within a second (LO-04)', async () => {
    const [visitor, stranger] = [await stage.signIn(), await stage.signIn()];
    for (const url of [stage.backend.url, other.url])
      expect([await stage.isSignedIn(visitor, url), await stage.isSignedIn(stranger, url)]).toEqual([
        true,
        true,
      ]);
    expect(await post(await tokenOf({ sid: visitor.sid }))).toBe(200);
    expect(await stage.isSignedIn(visitor)).toBe(false);
    other.clock.advance(1);
    expect([await stage.isSignedIn(visitor, other.url), await stage.isSignedIn(stranger, other.url)]).toEqual(
      [false, true],
    );
  });

  it('answers 200 for a session that is unknown, or over already (LO-14)', async () => {
    expect(await post(await tokenOf({ sid: randomUUID() }))).toBe(200);
    expect(await post(await tokenOf({ sub: randomUUID() }))).toBe(200);
    const visitor = await stage.signIn();
    for (const _ of ['first', 'again']) expect(await post(await tokenOf({ sid: visitor.sid }))).toBe(200);
    expect(await areSignedIn(visitor)).toEqual([false]);
  });

  it('finds a session whose person has signed in again in the same browser, by its new name alone', async () => {
    const first = await stage.signIn();
    const again = await stage.signIn({ sub: first.sub, browser: first.browser });
    expect(await post(await tokenOf({ sid: first.sid }))).toBe(200);
    expect(await areSignedIn(again)).toEqual([true]);
    expect(await post(await tokenOf({ sid: again.sid }))).toBe(200);
    expect(await areSignedIn(again)).toEqual([false]);
  });

  it('takes a token once, here and on another instance, and leaves a later session of the same name alone', async () => {
    const visitor = await stage.signIn();
    const token = await tokenOf({ sub: visitor.sub, sid: visitor.sid });
    expect(await post(token)).toBe(200);
    expect([await post(token), await post(token, other.url)]).toEqual([400, 400]);
    const later = await stage.signIn({ sub: visitor.sub, sid: visitor.sid });
    expect([await post(token), await post(token, other.url)]).toEqual([400, 400]);
    expect(await areSignedIn(later)).toEqual([true]);
  });

  it('does no harm when a token comes ten times at once, on two instances', async () => {
    const [visitor, stranger] = [await stage.signIn(), await stage.signIn()];
    const token = await tokenOf({ sid: visitor.sid });
    const urls = Array.from({ length: 10 }, (_, turn) => (turn % 2 ? other.url : stage.backend.url));
    const statuses = await Promise.all(urls.map((url) => post(token, url)));
    expect(statuses).toContain(200);
    expect(statuses.filter((status) => status !== 200 && status !== 400)).toEqual([]);
    // The other instance may have been the first.
    stage.backend.clock.advance(1);
    expect(await areSignedIn(visitor, stranger)).toEqual([false, true]);
    expect(await post(token)).toBe(400);
  });

  it('remembers a token for as long as it could pass for a new one, and no longer', async () => {
    const used = 'latchkey_used_logout_tokens';
    await post(await tokenOf({ sid: randomUUID() }));
    const before = await rows(used);
    stage.backend.clock.advance(10 * 60);
    await post(await tokenOf({ sid: randomUUID() }));
    expect(await rows(used)).toBe(before + 1);
    stage.backend.clock.advance(10 * 60 + 5);
    await post(await tokenOf({ sid: randomUUID() }));
    expect(await rows(used)).toBe(2);
  });

  it.each(['latchkey_sessions', 'latchkey_logto_sessions', 'latchkey_used_logout_tokens'])(
    'is not acknowledged while %s cannot be reached, and the same token works afterwards (LO-17)',
    async (table) => {
      const visitor = await stage.signIn();
      const token = await tokenOf({ sid: visitor.sid });
      const { dataSource } = stage.backend;
      await dataSource.query(`ALTER TABLE ${table} RENAME TO away`);
      const away = await post(token);
      await dataSource.query(`ALTER TABLE away RENAME TO ${table}`);
      expect(away).toBe(500);
      expect(await areSignedIn(visitor)).toEqual([true]);
      expect(await post(token)).toBe(200);
      expect(await areSignedIn(visitor)).toEqual([false]);
    },
  );

  it('is not acknowledged while the keys of Logto cannot be had, and the same token works afterwards (LO-17)', async () => {
    const visitor = await stage.signIn();
    const token = await tokenOf({ sid: visitor.sid });
    const fresh = await stage.anotherInstance();
    stage.issuer.bend({ answers: { jwks: () => DROP } });
    const away = await post(token, fresh.url);
    stage.issuer.behave();
    expect(away).toBe(503);
    expect(await areSignedIn(visitor)).toEqual([true]);
    expect(await post(token)).toBe(200);
    expect(await areSignedIn(visitor)).toEqual([false]);
  });

  it('needs no cookie and no origin, and spares the session whose cookie comes along', async () => {
    const [visitor, bystander] = [await stage.signIn(), await stage.signIn()];
    const body = new URLSearchParams({ logout_token: await tokenOf({ sid: visitor.sid }) });
    const url = `${stage.backend.url}/auth/backchannel-logout`;
    const answer = await copyOf(bystander).browser.request(url, { method: 'POST', body });
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([200, [], '']);
    expect(await areSignedIn(visitor, bystander)).toEqual([false, true]);
  });
});

describe.each(environments)('a session that Logto has ended, on $platform with $database', (environment) => {
  it('is over here as soon as Logto has said so (LO-04)', async () => {
    const stage = await startSandboxed(environment);
    try {
      const statusOf = async (browser: Browser) => (await browser.json(`${stage.backend.url}/api/me`)).status;
      const [alice, bob] = [new Browser(), new Browser()];
      await signInThroughLogto(alice, stage.backend, 'alice');
      await signInThroughLogto(bob, stage.backend, 'bob');
      expect([await statusOf(alice), await statusOf(bob)]).toEqual([200, 200]);
      await stage.sandbox.endLogtoSessions('alice');
      expect([await statusOf(alice), await statusOf(bob)]).toEqual([401, 200]);
    } finally {
      await stage.close();
    }
  });
});
