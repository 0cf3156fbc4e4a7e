import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity, Secret, TokenVaultService } from '../../../src/index.js';
import { startSandbox, type Notice, type Sandbox } from '../../../src/sandbox/sandbox.js';
import { startBackend, type Backend } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';
import { consent } from '../../support/sandboxed.js';

const POLL_MILLISECONDS = 50;
const LIMIT_MILLISECONDS = 1000;

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));

/** Two instances of one backend: a provider tells the one, and people come to the other. */
describe.each(databaseKinds)('what a provider tells one instance, on %s', (kind) => {
  const rounds = kind === 'PostgreSQL' ? 100 : 10;
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

  /** Milliseconds from the moment when the provider was answered until the other instance knows. */
  async function spread(notice: Notice, isOver: () => Promise<boolean>): Promise<number> {
    const { status } = await sandbox.notify(notice);
    const started = performance.now();
    expect(status).toBe(202);
    for (;;) {
      const over = await isOver();
      const milliseconds = performance.now() - started;
      if (over) return milliseconds;
      if (milliseconds > 10 * LIMIT_MILLISECONDS) return Infinity;
      await pause();
    }
  }

  const p99 = (times: readonly number[]): number =>
    [...times].sort((one, two) => one - two)[Math.ceil(times.length * 0.99) - 1];

  it(`is in force at the other within a second: GitHub’s revocations, ${rounds} times (WH-08, F11)`, async () => {
    const browser = await signIn('github', 'alice');
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await grantAgain('github');
      expect(await read(browser, 'my-account/identities/github/access-token')).toBe(200);
      const isOver = async () => (await read(browser, 'my-account/identities/github/access-token')) === 409;
      times.push(await spread({ provider: 'github', personaId: 'alice' }, isOver));
    }
    expect(times.filter((time) => time === Infinity)).toEqual([]);
    expect(p99(times)).toBeLessThanOrEqual(LIMIT_MILLISECONDS);
  }, 180_000);

  it(`is in force at the other within a second: Google’s events, ${rounds} times (WH-11, F11)`, async () => {
    const browser = new Browser();
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await signIn('google', 'bob', browser);
      expect(await read(browser, 'me')).toBe(200);
      const notice = { provider: 'google', event: 'tokens-revoked', personaId: 'bob' } as const;
      times.push(await spread(notice, async () => (await read(browser, 'me')) === 401));
    }
    expect(times.filter((time) => time === Infinity)).toEqual([]);
    expect(p99(times)).toBeLessThanOrEqual(LIMIT_MILLISECONDS);
  }, 180_000);
});
