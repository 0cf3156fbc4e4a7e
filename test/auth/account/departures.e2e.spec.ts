import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VerificationRecord } from '../../../src/auth/account/verification-record.entity.js';
import { LogtoSession } from '../../../src/auth/logto/logto-session.entity.js';
import { Session } from '../../../src/auth/session/session.entity.js';
import { Sessions } from '../../../src/auth/session/sessions.js';
import { AuthorizationTransaction } from '../../../src/auth/sign-in/authorization-transaction.entity.js';
import { UsersService } from '../../../src/index.js';
import { Browser } from '../../support/browser.js';
import { databaseKinds } from '../../support/databases.js';
import { signInThroughLogto, startSandboxed, type Sandboxed } from '../../support/sandboxed.js';

describe.each(databaseKinds)('a user who is removed on %s', (database) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startSandboxed({ database });
  });
  afterAll(() => stage.close());

  const tables = [Session, LogtoSession, VerificationRecord, AuthorizationTransaction];
  const counts = () =>
    Promise.all(tables.map((table) => stage.backend.dataSource.getRepository<object>(table).count()));

  /** Signed in through Logto, with a proof and a link under way. */
  async function settle(persona: string): Promise<Browser> {
    const browser = new Browser();
    const { url } = stage.backend;
    await signInThroughLogto(browser, stage.backend, persona);
    const start = { connectorId: 'google', state: 'st', redirectUri: `${url}/done` };
    await browser.json(`${url}/api/verifications/social`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify(start),
    });
    await (await browser.open(`${url}/`)).send('/auth/social/google/link');
    return browser;
  }

  it('leaves no session, proof or round trip, and Logto ends what it granted (SE-10)', async () => {
    const [leaving, staying] = [await settle('alice'), await settle('bob')];
    const me = (browser: Browser) => browser.json(`${stage.backend.url}/api/me`);
    expect(await counts()).toEqual([2, 2, 2, 2]);
    stage.sandbox.clearRequests();
    await stage.backend.get(UsersService).remove(String((await me(leaving)).body['id']));
    expect([(await me(leaving)).status, (await me(staying)).status]).toEqual([401, 200]);
    expect(await counts()).toEqual([1, 1, 1, 1]);
    await stage.backend.get(Sessions).beforeApplicationShutdown();
    expect(Object.keys(stage.sandbox.requests()).join('\n')).toContain('POST /oidc/token/revocation');
  });
});
