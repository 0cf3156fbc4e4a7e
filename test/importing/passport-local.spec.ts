import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity, UsersService } from '../../src/index.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { startSandboxedApplication, type SandboxedApplication } from './application.js';
import { LocalStrategy, LoginController, Passwords, ProfileController } from './passport-local.example.js';

describe.each(platforms)('an application on %s with a Passport strategy of its own', (platform) => {
  let application: SandboxedApplication;

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      controllers: [LoginController, ProfileController],
      providers: [Passwords, LocalStrategy],
    });
  });

  afterAll(() => application.close());

  const login = (browser: Browser, password: string, username = 'mina') =>
    browser.json(`${application.url}/login`, {
      method: 'POST',
      body: JSON.stringify({ username, password }),
      headers: { 'content-type': 'application/json' },
    });
  const profile = (browser: Browser) => browser.json(`${application.url}/profile`);

  it('lets in by the session guard whom the strategy has recognised', async () => {
    const browser = new Browser();
    expect((await profile(browser)).status).toBe(401);
    expect(await login(browser, 'correct horse battery staple')).toMatchObject({ status: 204, body: {} });
    expect(await profile(browser)).toMatchObject({
      status: 200,
      body: { name: 'mina', emailVerified: false },
    });
    expect((await browser.json(`${application.url}/api/me`)).status).toBe(200);
  });

  it('opens no session for a wrong password, and for nobody', async () => {
    for (const [password, username] of [
      ['wrong', 'mina'],
      ['nobody has this password', 'nobody'],
      ['', 'mina'],
    ] as const) {
      const browser = new Browser();
      const answer = await login(browser, password, username);
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect((await profile(browser)).status).toBe(401);
    }
  });

  it('knows a person again at the next login, as the same user', async () => {
    const ids = [];
    for (const browser of [new Browser(), new Browser()]) {
      await login(browser, 'correct horse battery staple');
      ids.push((await profile(browser)).body['id']);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(await application.dataSource.getRepository(Identity).countBy({ target: 'password' })).toBe(1);
  });

  it('ends the session that the browser had: what was known before is worth nothing (SE-01)', async () => {
    const browser = new Browser();
    await signInThroughLogto(browser, application, 'alice');
    const before = new Browser();
    before.setCookie('localhost', 'latchkey', String(browser.cookie('localhost', 'latchkey')));
    await login(browser, 'correct horse battery staple');
    application.clock.advance(1);
    expect((await profile(browser)).body).toMatchObject({ name: 'mina' });
    expect((await profile(before)).status).toBe(401);
  });

  it('lets nobody in who is suspended', async () => {
    const browser = new Browser();
    await login(browser, 'correct horse battery staple');
    const id = String((await profile(browser)).body['id']);
    const users = application.get(UsersService);
    await users.suspend(id);
    application.clock.advance(1);
    expect((await profile(browser)).status).toBe(401);
    expect(await login(new Browser(), 'correct horse battery staple')).toMatchObject({
      status: 403,
      body: { code: 'user.suspended' },
    });
    await users.restore(id);
    expect((await profile(browser)).status).toBe(200);
  });
});
