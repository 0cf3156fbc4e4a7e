import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once, EventEmitter } from 'node:events';
import { copyOf, SessionStage, type Visitor } from '../sessions/session-stage.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { CLIENT } from '../support/hostile-issuer.js';
import { DROP, json, type Reaction } from '../support/hostile-issuer-http.js';
import { signInThroughLogto, startSandboxed } from '../support/sandboxed.js';

describe.each(platforms)('signing out on %s', (platform) => {
  let stage: SessionStage;
  let idToken: string;

  beforeAll(async () => {
    stage = await SessionStage.open({ platform });
  });

  afterAll(() => stage.close());

  /** A sign-in whose ID token is known. */
  async function signIn(): Promise<Visitor> {
    stage.issuer.bend({ idToken: async (_, good) => (idToken = await good()) });
    const visitor = await stage.signIn();
    stage.issuer.behave();
    return visitor;
  }

  async function signOut(visitor: Pick<Visitor, 'browser'>, url = stage.backend.url, query = '') {
    const body = await stage.proof(visitor, url);
    return visitor.browser.request(`${url}/auth/sign-out${query}`, { method: 'POST', body });
  }

  it('ends the session here, then leads to Logto with the ID token and the way back (LO-01)', async () => {
    const visitor = await signIn();
    const kept = copyOf(visitor);
    const answer = await signOut(visitor);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([303, 'no-store']);
    const { origin, pathname, searchParams } = new URL(answer.headers.get('location') ?? '');
    expect(origin + pathname).toBe(`${stage.issuer.url}/session/end`);
    const { state, ...rest } = Object.fromEntries(searchParams);
    expect(rest).toEqual({
      client_id: CLIENT.id,
      id_token_hint: idToken,
      post_logout_redirect_uri: `${stage.backend.url}/`,
    });
    expect(state).toMatch(/^[\w-]{43}$/);
    expect(await stage.isSignedIn(kept)).toBe(false);
    expect(visitor.browser.cookie('localhost', 'latchkey')).toBeUndefined();
  });

  it('revokes the refresh token, in the name of the client and after the session has ended (LO-01)', async () => {
    const visitor = await signIn();
    const kept = copyOf(visitor);
    const seen: boolean[] = [];
    stage.issuer.bend({
      answers: {
        revocation: async (good) => {
          seen.push(await stage.isSignedIn(kept));
          return good;
        },
      },
    });
    const asked = stage.issuer.requestsTo('revocation').length;
    await signOut(visitor);
    stage.issuer.behave();
    expect(seen).toEqual([false]);
    const [revocation, ...more] = stage.issuer.requestsTo('revocation').slice(asked);
    expect(more).toEqual([]);
    // The issuer hands out code, access token and refresh token in this order.
    expect(revocation?.form.get('token')).toBe(stage.issuer.secrets.at(-1));
    expect(revocation?.headers.authorization).toMatch(/^Basic /);
  });

  it.each([
    ['another state (LO-02)', (target: URL) => target.searchParams.set('state', 'not the one that was sent')],
    ['a state that is sent twice (LO-02)', (target: URL) => (target.search = 'state=a&state=b')],
    ['no state (LO-03)', (target: URL) => target.searchParams.delete('state')],
    ['an error', (target: URL) => target.searchParams.set('error', 'server_error')],
  ])('shows the page when Logto sends the browser back with %s', async (_, change) => {
    const visitor = await signIn();
    stage.issuer.bend({
      answers: {
        endSession: (good) => {
          const target = new URL(good.headers['location'] ?? '');
          change(target);
          return { ...good, headers: { location: target.href } };
        },
      },
    });
    const answer = await signOut(visitor);
    const page = await visitor.browser.open(answer.headers.get('location') ?? '');
    stage.issuer.behave();
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/']);
    expect(page.html).toContain('Sign in');
    expect(await stage.isSignedIn(visitor)).toBe(false);
  });

  it.each<[string, () => Reaction]>([
    ['is out of order', () => json({ error: 'server_error' }, 500)],
    ['is away for a while', () => json({}, 503)],
    ['drops the connection', () => DROP],
    ['refuses the client', () => json({ error: 'invalid_client' }, 401)],
  ])('works where Logto %s (LO-01)', async (_, revocation) => {
    const visitor = await signIn();
    const kept = copyOf(visitor);
    stage.issuer.bend({ answers: { revocation } });
    const answer = await signOut(visitor);
    stage.issuer.behave();
    expect([answer.status, new URL(answer.headers.get('location') ?? '').pathname]).toEqual([
      303,
      '/oidc/session/end',
    ]);
    expect(await stage.isSignedIn(kept)).toBe(false);
  });

  it('ends the session at once where Logto hangs, and answers in the end (LO-01)', async () => {
    const visitor = await signIn();
    const kept = copyOf(visitor);
    const events = new EventEmitter();
    const asked = once(events, 'asked');
    stage.issuer.bend({
      answers: {
        revocation: () => {
          events.emit('asked');
          return new Promise<never>(() => undefined);
        },
      },
    });
    const answer = signOut(visitor);
    await asked;
    expect(await stage.isSignedIn(kept)).toBe(false);
    expect((await answer).status).toBe(303);
    stage.issuer.behave();
  });

  it('ends at our own page where Logto cannot be found at all (LO-01)', async () => {
    const visitor = await signIn();
    const kept = copyOf(visitor);
    const fresh = await stage.anotherInstance();
    stage.issuer.bend({ answers: { discovery: () => DROP } });
    const answer = await signOut(visitor, fresh.url);
    stage.issuer.behave();
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    stage.backend.clock.advance(1);
    expect(await stage.isSignedIn(kept)).toBe(false);
  });

  it('ends at our own page where Logto ends no sessions (LO-01)', async () => {
    const fresh = await stage.anotherInstance({ afterSignOut: '/goodbye?from=here' });
    stage.issuer.bend({
      answers: {
        discovery: (good) => json({ ...(JSON.parse(good.body) as object), end_session_endpoint: undefined }),
      },
    });
    const visitor = await stage.signIn();
    const answer = await signOut(visitor, fresh.url);
    stage.issuer.behave();
    expect(answer.headers.get('location')).toBe('/goodbye?from=here');
  });

  it('leads back to the page that is registered, where the application has chosen one', async () => {
    const fresh = await stage.anotherInstance({ afterSignOut: '/goodbye' });
    const answer = await signOut(await signIn(), fresh.url);
    const { searchParams } = new URL(answer.headers.get('location') ?? '');
    expect(searchParams.get('post_logout_redirect_uri')).toBe(`${stage.backend.url}/goodbye`);
  });

  it('takes no other way back from whoever asks (LO-16)', async () => {
    const visitor = await signIn();
    const evil = 'https://evil.example/';
    const names = [
      'post_logout_redirect_uri',
      'return_to',
      'redirect_uri',
      'target_link_uri',
      'afterSignOut',
    ];
    const foreign = new URLSearchParams(Object.fromEntries(names.map((name) => [name, evil])));
    const body = new URLSearchParams([...(await stage.proof(visitor)), ...foreign]);
    const url = `${stage.backend.url}/auth/sign-out?${foreign.toString()}`;
    const answer = await visitor.browser.request(url, { method: 'POST', body });
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.searchParams.getAll('post_logout_redirect_uri')).toEqual([`${stage.backend.url}/`]);
    expect(decodeURIComponent(location.href)).not.toContain('evil.example');
  });

  it.each([
    [
      'an image on another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' },
    ],
    [
      'a link from another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' },
    ],
    ['a link of our own', { 'sec-fetch-site': 'same-origin' }],
  ])('does not happen by %s (LO-15)', async (_, headers: Record<string, string>) => {
    const visitor = await signIn();
    for (const path of ['/auth/sign-out', '/auth/sign-out/', '/auth/backchannel-logout', '/logout']) {
      const answer = await visitor.browser.request(stage.backend.url + path, { headers });
      expect([path, answer.status, answer.headers.getSetCookie()]).toEqual([path, 404, []]);
    }
    expect(await stage.isSignedIn(visitor)).toBe(true);
  });

  it.each([
    ['a form of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a form in a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ])('does not happen by %s, even with the proof (LO-15)', async (_, headers: Record<string, string>) => {
    const visitor = await signIn();
    const body = await stage.proof(visitor);
    const answer = await visitor.browser.request(`${stage.backend.url}/auth/sign-out`, {
      method: 'POST',
      body,
      headers,
    });
    expect(answer.status).toBe(403);
    expect(await stage.isSignedIn(visitor)).toBe(true);
  });

  /** The form with further fields. */
  async function send(visitor: Visitor, fields: Record<string, string>) {
    const body = new URLSearchParams([...(await stage.proof(visitor)), ...Object.entries(fields)]);
    return visitor.browser.json(`${stage.backend.url}/auth/sign-out`, { method: 'POST', body });
  }

  const idOf = async ({ browser }: Visitor) => {
    const { body } = await browser.json(`${stage.backend.url}/api/my-account/sessions`);
    return (body['sessions'] as { id: string; current: boolean }[]).find(({ current }) => current)?.id ?? '';
  };

  const areSignedIn = (...visitors: Visitor[]) =>
    Promise.all(visitors.map((visitor) => stage.isSignedIn(visitor)));

  it('ends all sessions of the person and nobody else’s, where the form says everywhere', async () => {
    const first = await signIn();
    const [second, stranger] = [await stage.signIn({ sub: first.sub }), await stage.signIn()];
    const { status, headers } = await send(first, { everywhere: 'true' });
    expect([status, new URL(headers.get('location') ?? '').pathname]).toEqual([303, '/oidc/session/end']);
    expect(await areSignedIn(first, second, stranger)).toEqual([false, false, true]);
  });

  it('ends this session alone where the form says something else', async () => {
    const first = await signIn();
    const second = await stage.signIn({ sub: first.sub });
    await send(first, { everywhere: 'false' });
    expect(await areSignedIn(first, second)).toEqual([false, true]);
  });

  it('ends another session of the person, and only that, where the form names it', async () => {
    const first = await signIn();
    const [second, third] = [await stage.signIn({ sub: first.sub }), await stage.signIn({ sub: first.sub })];
    const { status, headers } = await send(first, { session: await idOf(second), everywhere: 'true' });
    expect([status, headers.get('location'), headers.getSetCookie()]).toEqual([303, '/', []]);
    expect(await areSignedIn(first, second, third)).toEqual([true, false, true]);
  });

  it('ends no session of somebody else, whose name is answered like one that does not exist', async () => {
    const [visitor, stranger] = [await signIn(), await stage.signIn()];
    for (const session of [await idOf(stranger), 'a'.repeat(21), '']) {
      const { status, body } = await send(visitor, { session });
      expect([session, status, body['code']]).toEqual([session, 404, 'session.not_found']);
    }
    expect(await areSignedIn(visitor, stranger)).toEqual([true, true]);
  });

  it('is the same for somebody who is not signed in, and tells Logto nothing', async () => {
    const asked = stage.issuer.requests.length;
    const answer = await new Browser().request(`${stage.backend.url}/auth/sign-out`, { method: 'POST' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(stage.issuer.requests).toHaveLength(asked);
  });
});

it.each(platforms)(
  'a sign-out on %s comes back from Logto with its state, to an address registered there (LO-01)',
  async (platform) => {
    const stage = await startSandboxed({ platform });
    try {
      const browser = new Browser();
      await signInThroughLogto(browser, stage.backend);
      const page = await (await browser.open(`${stage.backend.url}/`)).send('/auth/sign-out');
      const { pathname, searchParams } = new URL(page.url);
      expect([page.status, pathname]).toEqual([200, '/']);
      expect(searchParams.get('state')).toMatch(/^[\w-]{43}$/);
    } finally {
      await stage.close();
    }
  },
);
