import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator } from 'emulate';
import { googleInstance, platforms, startBackend, type Backend } from '../support/backend.js';
import { Browser, type Page } from '../support/browser.js';
import { freePort } from '../support/ports.js';

const client = { clientId: 'latchkey.apps.example.test', clientSecret: 'known to the emulator alone' };

/** The emulator takes a bearer that it does not know for its first user, so the one who signs in is the second. */
const users = [
  { email: 'first@example.test', name: 'Somebody Else' },
  { email: 'grace@example.test', name: 'Grace Hopper' },
];

describe.each(platforms)('a Google that others wrote, with the backend on %s', (platform) => {
  let google: Emulator;
  let backend: Backend;
  let browser: Browser;
  let arrival: Page;

  beforeAll(async () => {
    const port = await freePort();
    google = await startGoogle(`http://localhost:${port}/callback/google`);
    backend = await startBackend({
      platform,
      port,
      settings: {
        // Nobody signs in through Logto here, and nobody answers at this address.
        logto: { endpoint: 'http://localhost:1', appId: 'unused', appSecret: 'unused' },
        connectors: [googleInstance({ ...client, issuer: google.url })],
      },
    });
    browser = new Browser();
    const picker = await browser.open(`${backend.url}/auth/social/google`);
    arrival = await picker.press('email', 'grace@example.test');
  });

  afterAll(async () => {
    await backend.close();
    await google.close();
  });

  it('signs its user in, and sends the browser home at once', async () => {
    expect(arrival.url).toBe(`${backend.url}/`);
    const me = await browser.json(`${backend.url}/api/me`);
    expect(me.body).toMatchObject({ name: 'Grace Hopper', email: 'grace@example.test' });
  });

  it('recognises the same user in another browser', async () => {
    const other = new Browser();
    await (await other.open(`${backend.url}/auth/social/google`)).press('email', 'grace@example.test');
    const [mine, theirs] = await Promise.all([idOf(browser), idOf(other)]);
    expect(theirs).toBe(mine);
  });

  it('gives out a token that works there', async () => {
    const { access_token, ...rest } = await readToken();
    expect(rest).toEqual({
      token_type: 'Bearer',
      scope: 'openid profile email',
      expires_in: expect.any(Number),
    });
    expect(await emailAtGoogle(access_token)).toBe('grace@example.test');
  });

  it('gives out the same token for as long as it is valid, and a refreshed one that works afterwards', async () => {
    const first = await readToken();
    expect((await readToken()).access_token).toBe(first.access_token);
    backend.clock.advance(first.expires_in);
    const second = await readToken();
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.expires_in).toBeGreaterThan(3500);
    expect(await emailAtGoogle(second.access_token)).toBe('grace@example.test');
  });

  async function readToken(): Promise<{ access_token: string; expires_in: number }> {
    const answer = await browser.json(`${backend.url}/api/my-account/identities/google/access-token`);
    expect(answer.status).toBe(200);
    return answer.body as { access_token: string; expires_in: number };
  }

  async function idOf(who: Browser): Promise<unknown> {
    return (await who.json(`${backend.url}/api/me`)).body['id'];
  }

  async function emailAtGoogle(token: string): Promise<unknown> {
    const answer = await fetch(`${google.url}/oauth2/v2/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await answer.json()) as { email?: unknown }).email;
  }
});

async function startGoogle(callback: string): Promise<Emulator> {
  const { clientId: client_id, clientSecret: client_secret } = client;
  const oauth_clients = [{ client_id, client_secret, name: 'Latchkey', redirect_uris: [callback] }];
  return createEmulator({
    service: 'google',
    port: await freePort(),
    seed: { google: { users, oauth_clients } },
  });
}
