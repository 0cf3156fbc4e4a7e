import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sessions } from '../../src/auth/session/sessions.js';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { copyOf, SessionStage, type Instance, type Visitor } from './session-stage.js';

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

describe.each(environments)('the sessions of a user on $platform with $database', (environment) => {
  let stage: SessionStage;
  let other: Instance;

  beforeAll(async () => {
    stage = await SessionStage.open(environment);
    other = await stage.anotherInstance();
  });

  afterAll(() => stage.close());

  const path = '/api/my-account/sessions';

  async function list({ browser }: Pick<Visitor, 'browser'>): Promise<Listed[]> {
    const { status, body, headers } = await browser.json(stage.backend.url + path);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    return body['sessions'] as Listed[];
  }

  const end = ({ browser }: Pick<Visitor, 'browser'>, rest = '') =>
    browser.json(stage.backend.url + path + rest, { method: 'DELETE' });

  const currentId = async (visitor: Visitor) =>
    (await list(visitor)).find(({ current }) => current)?.id ?? '';

  const areSignedIn = (visitors: readonly Pick<Visitor, 'browser'>[], url?: string) =>
    Promise.all(visitors.map((visitor) => stage.isSignedIn(visitor, url)));

  /** A person in three browsers. */
  async function person(): Promise<[Visitor, Visitor, Visitor]> {
    const first = await stage.signIn();
    const { sub } = first;
    return [first, await stage.signIn({ sub }), await stage.signIn({ sub })];
  }

  /** What Logto was asked to revoke by that, from when nothing is under way to when nothing more is. */
  async function revoked(action: () => Promise<unknown>): Promise<string[]> {
    const settled = () => stage.backend.get(Sessions).beforeApplicationShutdown();
    await settled();
    const before = stage.issuer.requestsTo('revocation').length;
    await action();
    await settled();
    return stage.issuer
      .requestsTo('revocation')
      .slice(before)
      .map(({ form }) => form.get('token') ?? '');
  }

  it('are listed for their owner alone, the one that asks marked, and without secrets', async () => {
    const [first, second, third] = await person();
    const stranger = await stage.signIn();
    stage.backend.clock.advance(120);
    await stage.isSignedIn(second);
    const listed = await list(first);
    expect(listed.map(({ current }) => current).sort()).toEqual([false, false, true]);
    expect(listed[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{21}$/),
      current: expect.any(Boolean),
      user_agent: 'node',
      created_at: expect.any(Number),
      last_seen_at: expect.any(Number),
      expires_at: expect.any(Number),
    });
    const ids = [await currentId(first), await currentId(second), await currentId(third)];
    expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect((await list(stranger)).map(({ current }) => current)).toEqual([true]);
    expect(JSON.stringify(listed)).not.toContain(String(first.browser.cookie('localhost', 'latchkey')));
  });

  it('are listed with the last used first, and no more once they are over', async () => {
    const [first, second] = await person();
    stage.backend.clock.advance(120);
    await stage.isSignedIn(second);
    expect((await list(second))[0]).toMatchObject({ current: true });
    stage.backend.clock.advance(7 * 24 * 3600 - 60);
    const listed = await list(second);
    expect(listed.map(({ current }) => current)).toEqual([true]);
    expect(await areSignedIn([first])).toEqual([false]);
  });

  it('name the browser as it named itself, 256 characters of it', async () => {
    const visitor = await stage.signIn();
    const name = `<b>${'x'.repeat(300)}`;
    const start = await visitor.browser.request(`${stage.backend.url}/auth/sign-in`);
    const callback = await visitor.browser.request(start.headers.get('location') ?? '');
    await visitor.browser.request(callback.headers.get('location') ?? '', {
      headers: { 'user-agent': name },
    });
    expect((await list(visitor)).find(({ current }) => current)).toMatchObject({
      user_agent: name.slice(0, 256),
    });
  });

  it('end one by one: at once here, within a second elsewhere, and at Logto', async () => {
    const [first, second, third] = await person();
    await areSignedIn([first, second, third], other.url);
    const id = await currentId(second);
    const tokens = await revoked(async () => expect((await end(first, `/${id}`)).status).toBe(204));
    expect(await areSignedIn([first, second, third])).toEqual([true, false, true]);
    other.clock.advance(1);
    expect(await areSignedIn([first, second, third], other.url)).toEqual([true, false, true]);
    expect(tokens).toHaveLength(1);
    expect(stage.issuer.secrets).toContain(tokens[0]);
  });

  it('end with the one that asks: its cookie is taken away, and a copy of it is worth nothing', async () => {
    const [first, second] = await person();
    const kept = copyOf(first);
    const { status, headers } = await end(first, `/${await currentId(first)}`);
    expect([status, headers.getSetCookie().length]).toEqual([204, 1]);
    expect(first.browser.cookie('localhost', 'latchkey')).toBeUndefined();
    expect(await areSignedIn([kept, second])).toEqual([false, true]);
  });

  it('of somebody else cannot be ended, and look as if they did not exist', async () => {
    const [visitor, stranger] = [await stage.signIn(), await stage.signIn()];
    const answers = [];
    for (const id of [await currentId(stranger), 'a'.repeat(21), "'", '%00', 'x'.repeat(100)])
      answers.push(await end(visitor, `/${id}`));
    for (const { status, body } of answers)
      expect([status, body['code'], body['message']]).toEqual([
        404,
        'session.not_found',
        'There is no such session.',
      ]);
    expect(await areSignedIn([visitor, stranger])).toEqual([true, true]);
  });

  it('end all at once, everywhere', async () => {
    const visitors = await person();
    const stranger = await stage.signIn();
    const kept = copyOf(visitors[0]);
    await areSignedIn([...visitors, kept], other.url);
    const tokens = await revoked(async () => expect((await end(visitors[0])).status).toBe(204));
    expect(await areSignedIn([...visitors, kept, stranger])).toEqual([false, false, false, false, true]);
    other.clock.advance(1);
    expect(await areSignedIn([...visitors, kept, stranger], other.url)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(new Set(tokens).size).toBe(3);
  });

  it('end but for the one that asks', async () => {
    const visitors = await person();
    const cookie = visitors[0].browser.cookie('localhost', 'latchkey');
    const tokens = await revoked(async () =>
      expect((await end(visitors[0], '?others=true')).status).toBe(204),
    );
    expect(await areSignedIn(visitors)).toEqual([true, false, false]);
    expect(visitors[0].browser.cookie('localhost', 'latchkey')).toBe(cookie);
    expect(tokens).toHaveLength(2);
  });

  it('end here even where Logto is away', async () => {
    const [first, second] = await person();
    stage.issuer.bend({ answers: { revocation: (good) => ({ ...good, status: 503 }) } });
    const tokens = await revoked(() => end(first, '?others=true'));
    stage.issuer.behave();
    expect(tokens).toHaveLength(2);
    expect(await areSignedIn([first, second])).toEqual([true, false]);
  });

  it('can be neither seen nor ended without one (SE-07)', async () => {
    const visitor = await stage.signIn();
    const id = await currentId(visitor);
    const nobody = { browser: new Browser() };
    for (const answer of [
      await nobody.browser.json(stage.backend.url + path),
      await end(nobody),
      await end(nobody, `/${id}`),
    ])
      expect([answer.status, answer.body['code']]).toEqual([401, 'auth.unauthorized']);
    expect(await areSignedIn([visitor])).toEqual([true]);
  });

  it.each(['https://evil.example', 'null'])('cannot be ended by a page of %s (SE-07)', async (origin) => {
    const visitor = await stage.signIn();
    const headers = { origin, 'sec-fetch-site': 'cross-site' };
    const url = stage.backend.url + path;
    expect((await visitor.browser.json(url, { method: 'DELETE', headers })).status).toBe(403);
    const preflight = await visitor.browser.request(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'DELETE' },
    });
    expect(preflight.headers.get('access-control-allow-methods')).toBeNull();
    expect(await areSignedIn([visitor])).toEqual([true]);
  });

  it('of two browsers are two, and signing out of one leaves the other', async () => {
    const [first, second] = await person();
    const body = await stage.proof(first);
    await first.browser.request(`${stage.backend.url}/auth/sign-out`, { method: 'POST', body });
    expect(await areSignedIn([first, second])).toEqual([false, true]);
  });

  it('end, with their grant at Logto, when another person signs in in the same browser', async () => {
    const alice = await stage.signIn();
    const elsewhere = await stage.signIn({ sub: alice.sub });
    const kept = copyOf(alice);
    const tokens = await revoked(() => stage.signIn({ browser: alice.browser }));
    expect(await areSignedIn([alice, kept, elsewhere])).toEqual([true, false, true]);
    expect(tokens).toHaveLength(1);
    const { body } = await alice.browser.json(`${stage.backend.url}/api/me`);
    expect(body['email']).not.toBe(`${alice.sub}@example.test`);
  });
});
