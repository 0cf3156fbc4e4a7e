import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity, Secret, TokenVaultService } from '../../../src/index.js';
import { startSandbox, type Notice, type Sandbox } from '../../../src/sandbox/sandbox.js';
import { startBackend, type Backend } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';
import { consent } from '../../support/sandboxed.js';

const ROUNDS = 10;

/** Two instances of one backend: a provider tells the one, and people come to the other. */
describe.each(databaseKinds)('what a provider tells one instance, on %s', (kind) => {
  let database: TemporaryDatabase;
  let sandbox: Sandbox;
  let told: Backend;
  let other: Backend;

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    const port = await freePort();
    sandbox = await startSandbox({ port: await freePort(), applicationUrl: `http://localhost:${port}` });
    const settings = { logto: sandbox.logto, connectors: sandbox.connectors };
    told = await startBackend({ database, port, settings });
    other = await startBackend({ database, settings });
  });

  afterAll(async () => {
    await told.close();
    await other.close();
    await sandbox.close();
    await database.drop();
  });

  async function signIn(connectorId: string, persona: string, browser = new Browser()): Promise<Browser> {
    const page = await browser.open(`${told.url}/auth/social/${connectorId}`);
    await consent(await page.press('persona', persona));
    return browser;
  }

  const read = async (browser: Browser, path: string) =>
    (await browser.json(`${other.url}/api/${path}`)).status;

  /** A grant in the place of the one that is over. */
  async function grantAgain(connectorId: string): Promise<void> {
    const { userId, subject } = await told.dataSource.manager.findOneByOrFail(Identity, { connectorId });
    const owner = { userId, connectorId, target: connectorId, subject };
    const granted = { accessToken: new Secret('an access token'), tokenType: 'Bearer' };
    await told.dataSource.transaction((manager) =>
      told.get(TokenVaultService).store(manager, owner, granted),
    );
  }

  /** The provider is answered, and a second passes at the other instance. */
  async function tell(notice: Notice): Promise<void> {
    expect((await sandbox.notify(notice)).status).toBe(202);
    other.clock.advance(1);
  }

  it('is in force at the other within a second: GitHub’s revocations (WH-08, F11)', async () => {
    const browser = await signIn('github', 'alice');
    const readToken = () => read(browser, 'my-account/identities/github/access-token');
    for (let round = 0; round < ROUNDS; round += 1) {
      await grantAgain('github');
      expect(await readToken()).toBe(200);
      await tell({ provider: 'github', personaId: 'alice' });
      expect(await readToken()).toBe(409);
    }
  }, 180_000);

  it('is in force at the other within a second: Google’s events (WH-11, F11)', async () => {
    const browser = new Browser();
    for (let round = 0; round < ROUNDS; round += 1) {
      await signIn('google', 'bob', browser);
      expect(await read(browser, 'me')).toBe(200);
      await tell({ provider: 'google', event: 'tokens-revoked', personaId: 'bob' });
      expect(await read(browser, 'me')).toBe(401);
    }
  }, 180_000);
});
