import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorRegistry } from '../../src/connectors/connector.registry.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

describe('a connector that is switched off', () => {
  let stage: Sandboxed;
  let url: string;

  beforeAll(async () => {
    stage = await startSandboxed();
    ({ url } = stage.backend);
  });

  afterAll(() => stage.close());

  const switchTo = async (enabled: boolean) => {
    const { instance } = await stage.backend.get(ConnectorRegistry).get('google');
    Object.assign(instance, { enabled });
  };

  it('starts no sign-in, and is not offered (AR-10)', async () => {
    await switchTo(false);
    const browser = new Browser();
    stage.sandbox.clearRequests();
    const answer = await browser.json(`${url}/auth/social/google`);
    expect([answer.status, answer.body['code'], answer.headers.get('location')]).toEqual([
      403,
      'connector.disabled',
      null,
    ]);
    expect((await browser.open(`${url}/sign-in`)).html).not.toContain('Google');
    expect(Object.keys(stage.sandbox.requests())).toEqual([]);
    await signInThroughLogto(browser, stage.backend);
    expect((await browser.open(`${url}/`)).html).not.toContain('/auth/social/google');
    await switchTo(true);
  });

  it('finishes no sign-in that was started before (AR-10)', async () => {
    const browser = new Browser();
    const page = await browser.open(`${url}/auth/social/google`);
    await switchTo(false);
    const refused = await page.press('persona', 'zoe');
    const end = refused.html.includes('name="allow"') ? await refused.press('allow') : refused;
    await switchTo(true);
    expect([end.status, (await browser.json(`${url}/api/me`)).status]).toEqual([403, 401]);
  });
});
