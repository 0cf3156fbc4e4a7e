import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator } from 'emulate';
import { platforms, startBackend, type Backend } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { freePort } from '../support/ports.js';

const client = { clientId: 'Ov23liLatchkeyEmulated', clientSecret: 'known to the emulator alone' };

/** The emulator takes a bearer that it does not know for its first user, so the one who signs in is the second. */
const users = [
  { login: 'first', name: 'Somebody Else', email: 'first@example.test' },
  { login: 'grace', name: 'Grace Hopper', email: 'grace@example.test' },
];

describe.each(platforms)('a GitHub that others wrote, with the backend on %s', (platform) => {
  let github: Emulator;
  let backend: Backend;
  let browser: Browser;

  beforeAll(async () => {
    const port = await freePort();
    github = await startGitHub(`http://localhost:${port}/callback/github`);
    const endpoints = { endpoint: github.url, apiEndpoint: github.url };
    backend = await startBackend({
      platform,
      port,
      settings: {
        // Nobody signs in through Logto here, and nobody answers at this address.
        logto: { endpoint: 'http://localhost:1', appId: 'unused', appSecret: 'unused' },
        connectors: [
          instance('github', endpoints),
          instance('wrong', { ...endpoints, clientSecret: 'wrong' }),
        ],
      },
    });
    browser = new Browser();
  });

  afterAll(async () => {
    await backend.close();
    await github.close();
  });

  it('signs its user in, and sends the browser home at once', async () => {
    expect(await signIn(browser)).toBe(`${backend.url}/`);
    const me = await browser.json(`${backend.url}/api/me`);
    expect(me.body).toMatchObject({ name: 'Grace Hopper', email: 'grace@example.test', emailVerified: true });
  });

  it('recognises the same user in another browser', async () => {
    const other = new Browser();
    await signIn(other);
    const [mine, theirs] = await Promise.all([idOf(browser), idOf(other)]);
    expect(theirs).toBe(mine);
  });

  it('gives out a token that works there and has no end', async () => {
    const { status, body } = await browser.json(
      `${backend.url}/api/my-account/identities/github/access-token`,
    );
    expect([status, body]).toEqual([
      200,
      { access_token: expect.any(String), token_type: 'Bearer', scope: 'read:user user:email' },
    ]);
    expect(await loginAtGitHub(String(body['access_token']))).toBe('grace');
  });

  it('takes its refusals for what they are, though their status is 200 (CE-01)', async () => {
    const other = new Browser();
    const { searchParams } = new URL((await other.open(`${backend.url}/auth/social/github`)).url);
    const query = new URLSearchParams({ code: 'made-up', state: searchParams.get('state') ?? '' }).toString();
    const madeUp = await other.json(`${backend.url}/callback/github?${query}`);
    expect([madeUp.status, madeUp.body['code']]).toEqual([400, 'connector.social_auth_code_invalid']);
    const picker = await other.open(`${backend.url}/auth/social/wrong`);
    const refused = await picker.press('login', 'grace');
    expect(refused.status).toBe(503);
    expect(refused.html).toContain('connector.misconfigured');
  });

  async function signIn(who: Browser): Promise<string> {
    const picker = await who.open(`${backend.url}/auth/social/github`);
    return (await picker.press('login', 'grace')).url;
  }

  async function idOf(who: Browser): Promise<unknown> {
    return (await who.json(`${backend.url}/api/me`)).body['id'];
  }

  async function loginAtGitHub(token: string): Promise<unknown> {
    const answer = await fetch(`${github.url}/user`, { headers: { authorization: `Bearer ${token}` } });
    return ((await answer.json()) as { login?: unknown }).login;
  }
});

const instance = (id: string, config: object) => ({
  id,
  connectorId: 'github-universal',
  config: { ...client, ...config },
  enableTokenStorage: true,
});

async function startGitHub(callback: string): Promise<Emulator> {
  const { clientId: client_id, clientSecret: client_secret } = client;
  const redirect_uris = [callback, callback.replace(/github$/, 'wrong')];
  const oauth_apps = [{ client_id, client_secret, name: 'Latchkey', redirect_uris }];
  return createEmulator({
    service: 'github',
    port: await freePort(),
    seed: { github: { users, oauth_apps } },
  });
}
