import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import {
  signInThroughGoogle,
  signInThroughLogto,
  startSandboxed,
  type Sandboxed,
} from '../support/sandboxed.js';

describe.each(environments)('the whole path on $platform with $database', ({ platform, database }) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startSandboxed({ platform, database });
  });

  afterAll(() => stage.close());

  it('signs in through Logto', async () => {
    const browser = new Browser();
    const page = await signInThroughLogto(browser, stage.backend);
    expect(page.url).toBe(`${stage.backend.url}/`);
    const me = await browser.json(`${stage.backend.url}/api/me`);
    expect(me.body).toMatchObject({ email: 'alice@example.test', emailVerified: true });
  });

  it('signs in through Google and gives out the token', async () => {
    const browser = new Browser();
    const page = await signInThroughGoogle(browser, stage.backend);
    expect(page.url).toBe(`${stage.backend.url}/`);
    const answer = await browser.json(`${stage.backend.url}/api/my-account/identities/google/access-token`);
    expect(answer.body).toMatchObject({ token_type: 'Bearer' });
  });
});
