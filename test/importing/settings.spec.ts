import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  CsrfTokens,
  CurrentUser,
  SessionGuard,
  Sessions,
  type AuthModuleExtras,
  type AuthModuleOptions,
} from '../../src/index.js';
import { inNoTime } from '../guards/system-time.js';
import { platforms, type Platform } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { freePort } from '../support/ports.js';
import { startSandboxedApplication, type SandboxedApplication } from './application.js';

@Controller('desk')
class DeskController {
  @Get()
  @UseGuards(SessionGuard)
  desk(@CurrentUser() user: CurrentUser) {
    return { email: user.email };
  }
}

const PATHS = { auth: 'v1/identity', callback: 'v1/back', api: 'v1/own' };

let application: SandboxedApplication;

const start = async (
  auth: Partial<AuthModuleOptions & AuthModuleExtras>,
  {
    platform,
    root = 'auth',
    afterSignOut,
  }: { platform?: Platform; root?: string; afterSignOut?: string } = {},
): Promise<string> => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const client = {
    clientId: 'somebody-elses-application',
    clientSecret: 'known to the sandbox alone',
    redirectUris: [`${url}/${root}/callback`],
    postLogoutRedirectUris: [url + (afterSignOut ?? '/')],
    backchannelLogoutUri: `${url}/${root}/backchannel-logout`,
  };
  application = await startSandboxedApplication({
    platform,
    port,
    auth,
    logto: { appId: client.clientId, appSecret: client.clientSecret },
    sandbox: { clients: [client] },
    controllers: [DeskController],
  });
  return url;
};

afterEach(() => application.close());

/** Goes through Logto, and returns what the callback answers. */
async function signIn(browser: Browser, link: string): Promise<Response> {
  const page = await browser.open(link);
  const form = /<form[\s\S]*?<\/form>/.exec(page.html)?.[0] ?? '';
  const action = new URL(/action="([^"]*)"/.exec(form)?.[1] ?? '', page.url).href;
  const hidden = [...form.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value],
  );
  const body = new URLSearchParams([...hidden, ['persona', 'alice']]);
  return toApplication(browser, await browser.request(action, { method: 'POST', body }), action);
}

/** Follows redirects for as long as they stay away from the application; answers with the application's own answer. */
async function toApplication(browser: Browser, response: Response, from: string): Promise<Response> {
  const location = new URL(response.headers.get('location') ?? '', from).href;
  const next = await browser.request(location);
  return location.startsWith(application.url) ? next : toApplication(browser, next, location);
}

const sessionCookie = (response: Response, name = 'latchkey') =>
  response.headers.getSetCookie().find((line) => line.startsWith(`${name}=`));

const proofFor = async (browser: Browser, name = 'latchkey') => {
  const cookie = `${name}=${browser.cookie('localhost', name)}`;
  const session = await application.get(Sessions).find({ headers: { cookie } });
  return session ? application.get(CsrfTokens).of(session) : '';
};

const signOut = async (browser: Browser, link: string) =>
  browser.request(link, { method: 'POST', headers: { 'x-csrf-token': await proofFor(browser) } });

describe.each(platforms)('routes at paths of the application’s choice on %s', (platform) => {
  it('take a person from sign-in through callback to sign-out', async () => {
    const url = await start({ paths: PATHS }, { platform, root: PATHS.auth });
    const browser = new Browser();
    const callback = await signIn(browser, `${url}/v1/identity/sign-in?return_to=/desk`);
    expect([callback.status, callback.headers.get('location')]).toEqual([303, '/desk']);
    expect((await browser.json(`${url}/desk`)).body).toEqual({ email: 'alice@example.test' });
    expect((await browser.json(`${url}/v1/own/me`)).body).toMatchObject({ email: 'alice@example.test' });
    expect((await browser.json(`${url}/v1/own/my-account/sessions`)).body).toMatchObject({
      sessions: [{ current: true }],
    });

    const out = await signOut(browser, `${url}/v1/identity/sign-out`);
    expect(out.headers.get('location')).toMatch(`${application.sandbox.url}/oidc/session/end`);
    const home = await toApplication(browser, out, url);
    expect(new URL(home.url).pathname).toBe('/');
    expect((await browser.json(`${url}/desk`)).status).toBe(401);
  });

  it('take Logto’s word that a session has ended', async () => {
    const url = await start({ paths: PATHS }, { platform, root: PATHS.auth });
    const browser = new Browser();
    await signIn(browser, `${url}/v1/identity/sign-in`);
    expect((await browser.json(`${url}/desk`)).status).toBe(200);
    await application.sandbox.endLogtoSessions('alice');
    application.clock.advance(1);
    expect((await browser.json(`${url}/desk`)).status).toBe(401);
  });

  it('leave nothing at the paths that they would have had', async () => {
    const url = await start({ paths: PATHS }, { platform, root: PATHS.auth });
    for (const path of [
      'auth/sign-in',
      'auth/callback',
      'callback/google',
      'api/me',
      'api/my-account/sessions',
    ])
      expect({ path, status: (await new Browser().json(`${url}/${path}`)).status }).toEqual({
        path,
        status: 404,
      });
  });
});

describe('the session’s cookie', () => {
  it('has the name and the strictness that the application chose', async () => {
    const url = await start({ cookies: { name: 'desk-key', sameSite: 'strict' } });
    const browser = new Browser();
    const callback = await signIn(browser, `${url}/auth/sign-in?return_to=/desk`);
    expect(sessionCookie(callback, 'desk-key')).toMatch(/; SameSite=Strict/i);
    expect(sessionCookie(callback, 'desk-key')).toMatch(/; HttpOnly/i);
    expect(sessionCookie(callback)).toBeUndefined();
    expect((await browser.json(`${url}/desk`)).status).toBe(200);
  });

  it('of a strict session leaves the mark of the browser lax, so that the way back from Logto works', async () => {
    const url = await start({ cookies: { sameSite: 'strict' } });
    const response = await new Browser().request(`${url}/auth/sign-in`);
    expect(sessionCookie(response, 'latchkey-browser')).toMatch(/; SameSite=Lax/i);
  });

  it('lives as long as the application says', async () => {
    const url = await start({ session: { absoluteLifetimeSeconds: 3600, idleLifetimeSeconds: 600 } });
    const browser = new Browser();
    const status = async () => (await browser.json(`${url}/desk`)).status;
    await inNoTime(async () => {
      expect(sessionCookie(await signIn(browser, `${url}/auth/sign-in`))).toMatch(/; Max-Age=3600/);
      application.clock.advance(599);
      expect(await status()).toBe(200);
      application.clock.advance(601);
      expect(await status()).toBe(401);
    });
  });

  it('ends at its absolute lifetime, used or not', async () => {
    const url = await start({ session: { absoluteLifetimeSeconds: 3600, idleLifetimeSeconds: 600 } });
    const browser = new Browser();
    await signIn(browser, `${url}/auth/sign-in`);
    const statuses = [];
    for (let minutes = 9; minutes <= 63; minutes += 9) {
      application.clock.advance(9 * 60);
      statuses.push((await browser.json(`${url}/desk`)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 401]);
  });
});

describe('a browser', () => {
  it('goes after a sign-in where the application says, or where the link says', async () => {
    const url = await start({ afterSignIn: '/desk?welcome' });
    const browser = new Browser();
    expect((await signIn(browser, `${url}/auth/sign-in`)).headers.get('location')).toBe('/desk?welcome');
    const again = await toApplication(
      browser,
      await browser.request(`${url}/auth/sign-in?return_to=/x`),
      url,
    );
    expect(again.headers.get('location')).toBe('/x');
  });

  it('goes after a sign-out where the application says, by way of Logto', async () => {
    const url = await start({ afterSignOut: '/goodbye' }, { afterSignOut: '/goodbye' });
    const browser = new Browser();
    await signIn(browser, `${url}/auth/sign-in`);
    const home = await toApplication(browser, await signOut(browser, `${url}/auth/sign-out`), url);
    expect(new URL(home.url).pathname).toBe('/goodbye');
  });

  it('goes there too when nobody was signed in', async () => {
    const url = await start({ afterSignOut: '/goodbye' }, { afterSignOut: '/goodbye' });
    const answer = await new Browser().request(`${url}/auth/sign-out`, { method: 'POST' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/goodbye']);
  });

  it('is sent back to an origin that is allowed by name, and to no other', async () => {
    const url = await start({ returnToOrigins: ['https://app.example.test'] });
    const link = (to: string) => `${url}/auth/sign-in?return_to=${encodeURIComponent(to)}`;
    const callback = await signIn(new Browser(), link('https://app.example.test/inbox?new=1#top'));
    expect(callback.headers.get('location')).toBe('https://app.example.test/inbox?new=1#top');
    for (const elsewhere of [
      'https://evil.example.test/',
      'https://app.example.test.evil.test/',
      'https://app.example.test@evil.test/',
      'https://app.example.test:444/',
      'http://app.example.test/',
      '//app.example.test/',
      '/\\app.example.test',
      'javascript:alert(1)',
    ])
      expect(await new Browser().json(link(elsewhere))).toMatchObject({
        status: 400,
        body: { code: 'auth.return_to_invalid' },
      });
  });
});
