import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock, Secret, TokenVaultService, UsersService } from '../../../src/index.js';
import { Revocation } from '../../../src/token-vault/leaving/revocation.entity.js';
import { environments } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { StandingClock } from '../../support/standing-clock.js';
import { NotificationStage } from '../../connectors/notifications/stage.js';
import { openManagement } from '../../connectors/management/stage.js';

describe.each(environments)('what the answer says of a grant, on $platform and $database', (environment) => {
  let stage: NotificationStage;
  let browser: Browser;

  /** What has failed is tried again when the test says so. */
  const clock = new StandingClock();

  beforeAll(async () => {
    stage = await NotificationStage.open({
      ...environment,
      customise: (builder) => builder.overrideProvider(Clock).useValue(clock),
    });
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    browser = new Browser();
    stage.sandbox.clearFaults();
    stage.sandbox.clearRequests();
  });

  const unlink = async (target: string) => {
    const { status, headers } = await browser.json(
      `${stage.backend.url}/api/my-account/identities/${target}`,
      {
        method: 'DELETE',
        headers: { origin: stage.backend.url },
      },
    );
    return [status, headers.get('latchkey-revocation')];
  };
  const left = () => stage.backend.dataSource.manager.count(Revocation);

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('it did not come to that');
  }

  it.each([
    ['google', 'bob', 'POST /google/revoke'],
    ['github', 'zoe', 'DELETE /github/api/applications/Ov23liLatchkeySandbox/grant'],
    ['facebook', 'noor', 'DELETE /facebook/graph/v24.0/me/permissions'],
    ['x', 'bob', 'POST /x/api/2/oauth2/revoke'],
  ])('is that it was ended at %s', async (target, persona, request) => {
    await stage.signIn(target, persona, browser);
    await stage.link(target === 'github' ? 'facebook' : 'github', 'uma', browser);
    expect(await unlink(target)).toEqual([204, 'revoked']);
    expect(Object.keys(stage.sandbox.requests())).toContain(request);
    expect(await left()).toBe(0);
    await unlinkOthers();
  });

  /** Uma's account is for whoever comes next. */
  async function unlinkOthers(): Promise<void> {
    await stage.backend.get(UsersService).remove(await stage.idOf(browser));
    expect(await left()).toBe(0);
  }

  it('is that it is pending while the provider is away; it is ended once that is back', async () => {
    await stage.signIn('google', 'bob', browser);
    await stage.link('github', 'uma', browser);
    stage.sandbox.fail({ path: '/google/revoke', status: 503, body: 'away' });
    expect(await unlink('google')).toEqual([204, 'pending']);
    expect((await stage.read(browser, 'google')).status).toBe(404);
    expect(await left()).toBe(1);
    stage.sandbox.clearFaults();
    stage.sandbox.advance(30);
    await until(async () => (await left()) === 0);
    expect(stage.sandbox.requests()['POST /google/revoke']).toBe(2);
    await unlinkOthers();
  });

  it('is that it was ended where Google says that there is no such token any more', async () => {
    await stage.signIn('google', 'bob', browser);
    await stage.link('github', 'uma', browser);
    stage.sandbox.revokeGoogleGrants('bob');
    expect(await unlink('google')).toEqual([204, 'revoked']);
    await unlinkOthers();
  });

  it('is that nothing can be ended at WeCom', async () => {
    await stage.signIn('github', 'uma', browser);
    await stage.link('wecom', 'alice', browser);
    expect(await unlink('wecom')).toEqual([204, 'unsupported']);
    await unlinkOthers();
  });
});

describe('the deletion of a connector', () => {
  it('says that the grants are pending, and they are ended at the provider by the connector’s own credentials', async () => {
    const management = await openManagement();
    try {
      const { backend, sandbox } = management;
      const { clientId, clientSecret, issuer } = sandbox.google;
      const body = {
        id: 'shop',
        connectorId: 'google-universal',
        config: { clientId, clientSecret, issuer },
        metadata: { target: 'shop' },
      };
      expect((await management.ask('POST', 'connectors', body)).status).toBe(200);
      const owner = { userId: 'somebody', connectorId: 'shop', target: 'shop', subject: '1' };
      const tokenSet = { accessToken: new Secret('an access token'), tokenType: 'Bearer' };
      await backend.dataSource.transaction((manager) =>
        backend.get(TokenVaultService).store(manager, owner, tokenSet),
      );
      const { status, headers } = await management.ask('DELETE', 'connectors/shop');
      expect([status, headers.get('latchkey-revocation')]).toEqual([204, 'pending']);
      for (const end = Date.now() + 20_000; (await backend.dataSource.manager.count(Revocation)) > 0;) {
        if (Date.now() > end) throw new Error('the grant was not ended');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(sandbox.requests()['POST /google/revoke']).toBe(1);
      expect((await backend.database.dump()).includes(clientSecret)).toBe(false);
    } finally {
      await management.close();
    }
  });
});
