import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenVaultService } from '../../../src/index.js';
import { Revocation } from '../../../src/token-vault/leaving/revocation.entity.js';
import { NotificationStage } from '../../connectors/notifications/stage.js';
import { Browser } from '../../support/browser.js';
import { databaseKinds } from '../../support/databases.js';

const DAY_SECONDS = 24 * 60 * 60;
const PATIENCE_MILLISECONDS = 20_000;

describe.each(databaseKinds)('a grant that is to be ended and is given anew meanwhile, on %s', (database) => {
  let stage: NotificationStage;

  beforeAll(async () => {
    stage = await NotificationStage.open({ database });
  });
  afterAll(() => stage.close());
  beforeEach(() => stage.sandbox.clearFaults());

  const left = () => stage.backend.dataSource.manager.count(Revocation);

  async function untilNothingIsLeft(): Promise<void> {
    for (const end = Date.now() + PATIENCE_MILLISECONDS; (await left()) > 0;) {
      if (Date.now() > end) throw new Error('the grant is still to be ended');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it.each([
    ['google', '/google/revoke', 3600],
    ['github', '/github/api/applications/Ov23liLatchkeySandbox/grant', 3600],
    ['facebook', '/facebook/graph/v24.0/me/permissions', 31 * DAY_SECONDS],
    ['x', '/x/api/2/oauth2/revoke', 7200],
  ])('lives on at %s, whose end of it would take the new tokens along', async (target, path, seconds) => {
    const browser = new Browser();
    await stage.signIn('wecom', 'zoe', browser);
    const userId = await stage.idOf(browser);
    await stage.link(target, 'zoe', browser);
    stage.sandbox.fail({ path, status: 503, body: 'away', times: 1 });
    const { headers } = await browser.json(`${stage.backend.url}/api/my-account/identities/${target}`, {
      method: 'DELETE',
      headers: { origin: stage.backend.url },
    });
    expect(headers.get('latchkey-revocation')).toBe('pending');
    await stage.link(target, 'zoe', browser);
    stage.sandbox.advance(60);
    await untilNothingIsLeft();
    stage.sandbox.advance(seconds);
    const vault = stage.backend.get(TokenVaultService);
    expect((await vault.read(userId, target)).accessToken.reveal()).toBeTruthy();
    expect(
      (await vault.list(userId)).filter((one) => one.target === target).map(({ status }) => status),
    ).toEqual(['active']);
  });
});
