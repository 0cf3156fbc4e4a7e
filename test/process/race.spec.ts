import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { HttpClient } from '../../src/common/http-client.js';
import { XConnector } from '../../src/connectors/providers/x.connector.js';
import type { TokenSet } from '../../src/connectors/token-set.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import type { RefreshTimes } from '../../src/token-vault/refresh-lease.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { json, serve, type HttpServer } from '../support/hostile-issuer-http.js';
import { freePort } from '../support/ports.js';
import { instanceOf, REQUEST } from '../support/round-trip.js';
import { consent } from '../support/sandboxed.js';
import { VaultProcess, type Reading } from './vault-processes.js';

const PROCESSES = 3;
const READS = 100;
const LIFETIME_SECONDS = 7200;
const REFRESH = 'POST /x/api/2/oauth2/token refresh_token';
const owner = { userId: 'user', connectorId: 'x', target: 'x', subject: 'alice' };

/** X spends a refresh token by every refresh, and ends the whole grant when a spent one comes again. */
describe.each(databaseKinds)('three processes that read one expired token of X, on %s', (kind) => {
  let application: HttpServer;
  let sandbox: Sandbox;
  let database: TemporaryDatabase;
  let processes: VaultProcess[] = [];

  beforeAll(async () => {
    application = await serve(() => Promise.resolve(json({})));
    sandbox = await startSandbox({ port: await freePort(), applicationUrl: application.origin });
    database = await temporaryDatabase(kind);
  });

  afterEach(async () => {
    sandbox.clearFaults();
    await Promise.all(processes.map((one) => one.close()));
    processes = [];
  });

  afterAll(async () => {
    await sandbox.close();
    await application.close();
    await database.drop();
  });

  async function begin(times: RefreshTimes): Promise<void> {
    const settings = {
      databaseUrl: database.url,
      vaultKeys: TEST_VAULT_KEYS,
      instance: { id: 'x', connectorId: 'x-universal', config: sandbox.x, enableTokenStorage: true },
      times,
      elapsedSeconds: 0,
    };
    processes = [await VaultProcess.start(settings)];
    const others = Array.from({ length: PROCESSES - 1 }, () => VaultProcess.start(settings));
    processes.push(...(await Promise.all(others)));
    const { accessToken, refreshToken } = await grantOf(sandbox, application.origin);
    await processes[0].store({
      owner,
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal() ?? '',
      expiresIn: LIFETIME_SECONDS,
    });
    sandbox.clearRequests();
  }

  /** The token expires, and all ask at once. */
  async function round(): Promise<Reading[]> {
    sandbox.advance(LIFETIME_SECONDS);
    await Promise.all(processes.map((one) => one.advance(LIFETIME_SECONDS)));
    const readings = await Promise.all(processes.map((one) => one.read('user', 'x', READS)));
    return readings.flat();
  }

  async function expectOneRefreshEach(rounds: number): Promise<void> {
    const seen = new Set<string>();
    for (let count = 1; count <= rounds; count += 1) {
      const readings = await round();
      expect(readings).toHaveLength(PROCESSES * READS);
      const outcomes = [...new Set(readings.map((reading) => JSON.stringify(reading)))];
      expect(outcomes).toEqual([expect.stringMatching(/^\{"token":"[^"]+"\}$/)]);
      expect(sandbox.requests()[REFRESH]).toBe(count);
      seen.add(outcomes[0]);
    }
    expect(seen.size).toBe(rounds);
    expect(sandbox.reusedXRefreshTokens()).toBe(0);
  }

  it('ask X once, 200 times of 200, and all 300 readers get its answer (RR-02, RR-03)', async () => {
    await begin({ leaseMilliseconds: 7000, attemptMilliseconds: 7000, takeOverMilliseconds: 1500 });
    await expectOneRefreshEach(200);
  }, 240_000);

  it('do so also where the one that asks holds its lease for longer than it lasts (RR-02)', async () => {
    // Whoever takes over from a holder that could not renew in time gives that one all the time that it needs.
    await begin({ leaseMilliseconds: 1000, attemptMilliseconds: 1000, takeOverMilliseconds: 10_000 });
    sandbox.fail({ path: '/x/api/2/oauth2/token', delayMilliseconds: 2000 });
    await expectOneRefreshEach(4);
    const renewals = await Promise.all(processes.map((one) => one.renewals()));
    expect(Math.max(...renewals)).toBeGreaterThan(0);
  }, 240_000);

  it('do so also without leases, by the journal alone (RR-02)', async () => {
    await begin({ leaseMilliseconds: 0, attemptMilliseconds: 7000, takeOverMilliseconds: 1500 });
    sandbox.fail({ path: '/x/api/2/oauth2/token', delayMilliseconds: 100 });
    await expectOneRefreshEach(50);
  }, 240_000);
});

/** What X grants to a person who signs in. */
async function grantOf(sandbox: Sandbox, applicationUrl: string): Promise<TokenSet> {
  const http = new HttpClient();
  const connector = new XConnector(http, new Clock());
  const instance = instanceOf(connector, { ...sandbox.x }, true);
  const request = { ...REQUEST, redirectUri: `${applicationUrl}/callback/x` };
  const page = await new Browser().open((await connector.authorizationUrl(instance, request)).href);
  const { searchParams } = new URL((await page.press('persona', 'alice').then(consent)).url);
  const { tokenSet } = await connector.exchange(instance, { ...request, parameters: searchParams });
  await http.onApplicationShutdown();
  if (!tokenSet) throw new Error('X has granted nothing');
  return tokenSet;
}
