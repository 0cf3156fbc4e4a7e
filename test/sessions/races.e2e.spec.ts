import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import { LogtoSessions } from '../../src/auth/logto/logto-sessions.js';
import { Session } from '../../src/auth/session/session.entity.js';
import { SessionStore } from '../../src/auth/session/session.store.js';
import { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import { consent, signInThroughLogto, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

describe.each(databaseKinds)('a session that ends while a request is under way, on %s,', (database) => {
  let stage: Sandboxed;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    stage = await startSandboxed({ database });
    ({ url } = stage.backend);
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    for (const table of [Session, LogtoSession])
      await stage.backend.dataSource.getRepository<object>(table).deleteAll();
    browser = new Browser();
  });

  const status = async (one = browser) => (await one.json(`${url}/api/me`)).status;
  const count = (table: typeof Session | typeof LogtoSession) =>
    stage.backend.dataSource.getRepository<object>(table).count();

  it('does not come back by an account that is linked just then', async () => {
    await signInThroughLogto(browser, stage.backend, 'noor');
    const atGoogle = await (await browser.open(`${url}/`)).send('/auth/social/google/link');
    const store = stage.backend.app.get<SessionStore>(SessionStore);
    const replace = store.replace.bind(store);
    const late = jest.spyOn(store, 'replace').mockImplementationOnce(async (record, hash) => {
      await store.remove([record.id]);
      return replace(record, hash);
    });
    const end = await consent(await atGoogle.press('persona', 'noor'));
    late.mockRestore();
    expect([end.status, await status(), await count(Session)]).toEqual([401, 401, 0]);
  });

  it('goes on as another one where the same person signs in just then', async () => {
    await signInThroughLogto(browser, stage.backend, 'bob');
    const store = stage.backend.app.get<SessionStore>(SessionStore);
    const replace = store.replace.bind(store);
    const late = jest.spyOn(store, 'replace').mockImplementationOnce(async (record, hash) => {
      await store.remove([record.id]);
      return replace(record, hash);
    });
    await browser.open(`${url}/auth/sign-in`);
    late.mockRestore();
    expect([await status(), await count(Session), await count(LogtoSession)]).toEqual([200, 1, 1]);
  });

  it('does not begin where Logto has ended its own before ours was written', async () => {
    const logtoSessions = stage.backend.get(LogtoSessions);
    const keep = logtoSessions.keep.bind(logtoSessions);
    const early = jest.spyOn(logtoSessions, 'keep').mockImplementationOnce(async (...parameters) => {
      await keep(...parameters);
      await stage.sandbox.endLogtoSessions('zoe');
    });
    const end = await signInThroughLogto(browser, stage.backend, 'zoe');
    early.mockRestore();
    expect([end.status, await status(), await count(Session), await count(LogtoSession)]).toEqual([
      401, 401, 0, 0,
    ]);
  });

  it('does not fail because old ones could not be cleared away', async () => {
    stage.backend.clock.advance(61);
    const store = stage.backend.app.get<SessionStore>(SessionStore);
    const failing = jest.spyOn(store, 'purge').mockRejectedValueOnce(new Error('deadlock'));
    expect((await signInThroughLogto(browser, stage.backend)).status).toBe(200);
    expect(failing).toHaveBeenCalledTimes(1);
    failing.mockRestore();
    expect(await status()).toBe(200);
  });

  it('is not ended in the browser by a form that another site has sent (LO-15)', async () => {
    const answer = await fetch(`${url}/auth/sign-out`, { method: 'POST', redirect: 'manual' });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('takes what belonged to it at Logto along when it is cleared away', async () => {
    await signInThroughLogto(browser, stage.backend, 'bob');
    expect(await count(LogtoSession)).toBe(1);
    stage.backend.clock.advance(8 * 24 * 3600);
    await signInThroughLogto(new Browser(), stage.backend, 'zoe');
    expect([await count(Session), await count(LogtoSession)]).toEqual([1, 1]);
  });
});
