import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { browserName } from '../../src/pages/browser-name.js';
import { sessionViews } from '../../src/pages/sessions.section.js';
import { Browser } from '../support/browser.js';
import { platforms } from '../support/backend.js';
import { signInThroughLogto, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

describe('a browser is called', () => {
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)';
  it.each([
    [`${mac} Chrome/131.0.0.0 Safari/537.36`, 'Chrome on macOS'],
    [`${mac} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`, 'Edge on macOS'],
    [`${mac} Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0`, 'Opera on macOS'],
    [`${mac} Version/18.1 Safari/605.1.15`, 'Safari on macOS'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0',
      'Firefox on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/131.0 Mobile Safari/604.1',
      'Chrome on iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14) SamsungBrowser/27.0 Chrome/125.0 Safari/537.36',
      'Samsung Internet on Android',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'Browser on Linux'],
    ['curl/8.11.0', 'Unknown browser'],
    ['<script>alert(1)</script>', 'Unknown browser'],
    ['', 'Unknown browser'],
    [null, 'Unknown browser'],
  ])('by %j: %s', (userAgent, name) => {
    expect(browserName(userAgent)).toBe(name);
  });
});

it('tells how long ago a session was begun and used', () => {
  const now = 1_800_000_000;
  const record = { id: 's', tokenHash: '', userId: 'u', userAgent: null, expiresAt: now + 1 };
  const sentences = [
    [now, now],
    [now - 3 * 24 * 3600, now - 30],
    [now - 3 * 3600, now - 3 * 3600],
  ].map(
    ([createdAt = 0, lastSeenAt = 0]) => sessionViews([{ ...record, createdAt, lastSeenAt }], 's', now)[0],
  );
  expect(sentences.map((view) => [view?.current, view?.sentence])).toEqual([
    [true, 'Signed in just now.'],
    [true, 'Signed in 3 days ago, last used just now.'],
    [true, 'Signed in 3 hours ago.'],
  ]);
});

describe.each(platforms)('the list of sessions on the home page on %s', (platform) => {
  let stage: Sandboxed;
  let url: string;

  beforeAll(async () => {
    stage = await startSandboxed({ platform });
    ({ url } = stage.backend);
  });

  afterAll(() => stage.close());

  const signIn = async (persona = 'alice') => {
    const browser = new Browser();
    await signInThroughLogto(browser, stage.backend, persona);
    return browser;
  };
  const status = async (browser: Browser) => (await browser.json(`${url}/api/me`)).status;

  it('ends one session elsewhere, and leaves the rest', async () => {
    const [here, there, third] = [await signIn(), await signIn(), await signIn()];
    const home = await here.open(`${url}/`);
    const listed = ((await there.json(`${url}/api/my-account/sessions`)).body['sessions'] ?? []) as {
      id: string;
      current: boolean;
    }[];
    const id = listed.find(({ current }) => current)?.id;
    expect(home.html.match(/name="session" value="/g)).toHaveLength(2);
    expect((await home.press('session', id)).url).toBe(`${url}/`);
    expect([await status(here), await status(there), await status(third)]).toEqual([200, 401, 200]);
  });

  it('signs out everywhere', async () => {
    const [here, there, somebody] = [await signIn('bob'), await signIn('bob'), await signIn('zoe')];
    await (await here.open(`${url}/`)).press('everywhere', 'true');
    expect([await status(here), await status(there), await status(somebody)]).toEqual([401, 401, 200]);
  });

  it('ends nobody else’s session (MA-04)', async () => {
    const [alice, bob] = [await signIn('noor'), await signIn('zoe')];
    const { body } = await bob.json(`${url}/api/my-account/sessions`);
    const [{ id }] = body['sessions'] as [{ id: string }];
    const { html } = await alice.open(`${url}/`);
    const csrf_token = /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const answer = await alice.request(`${url}/auth/sign-out`, {
      method: 'POST',
      body: new URLSearchParams({ csrf_token, session: id }),
    });
    expect([answer.status, await status(alice), await status(bob)]).toEqual([404, 200, 200]);
  });
});
