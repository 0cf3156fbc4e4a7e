import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { freePort } from '../support/ports.js';
import { BackendProcess } from './backend-process.js';

/** A file of SQLite is for one process: see the README's `DATABASE_URL`. */
const PROCESSES = { SQLite: 1, PostgreSQL: 3 } as const;
const PEOPLE = 100;
const GET_TOKEN = 'GET /wecom/cgi-bin/gettoken';

interface Returning {
  readonly browser: Browser;
  readonly callback: URL;
}

describe.each(databaseKinds)(
  'all processes that sign people in through one WeCom application, on %s',
  (kind) => {
    let database: TemporaryDatabase;
    let sandbox: Sandbox;
    let urls: string[] = [];
    let processes: BackendProcess[] = [];

    beforeAll(async () => {
      database = await temporaryDatabase(kind);
      const ports = await Promise.all(Array.from({ length: PROCESSES[kind] }, () => freePort()));
      urls = ports.map((port) => `http://localhost:${port}`);
      sandbox = await startSandbox({ port: await freePort(), applicationUrl: urls[0] });
      const [first, ...others] = ports.map((port) => () => new BackendProcess(variables(port)).running());
      processes = [await first()];
      processes.push(...(await Promise.all(others.map((start) => start()))));
    }, 120_000);

    afterEach(() => sandbox.clearRequests());

    afterAll(async () => {
      await Promise.all(processes.map((process) => process.end('SIGTERM')));
      await sandbox.close();
      await database.drop();
    });

    /** Goes to WeCom, scans the code, and stops before coming back. */
    async function depart(index: number): Promise<Returning> {
      const browser = new Browser();
      const start = await browser.request(`${urls[index % urls.length]}/auth/social/wecom`);
      const page = new URL(start.headers.get('location') ?? '');
      const answer = await browser.request(page.origin + page.pathname, {
        method: 'POST',
        body: new URLSearchParams({ request: page.search.slice(1), persona: 'alice' }),
        headers: { origin: page.origin },
      });
      return { browser, callback: new URL(answer.headers.get('location') ?? '') };
    }

    /** Comes back to the next process, not to the one that was left. */
    async function arrive({ browser, callback }: Returning, index: number): Promise<unknown> {
      const url = urls[(index + 1) % urls.length];
      await browser.request(url + callback.pathname + callback.search);
      return (await browser.json(`${url}/api/me`)).body['id'];
    }

    it('ask WeCom for one application token for a hundred sign-ins at the same time (CE-23)', async () => {
      const people = await Promise.all(Array.from({ length: PEOPLE }, (_, index) => depart(index)));
      expect(sandbox.requests()[GET_TOKEN]).toBeUndefined();
      const ids = await Promise.all(people.map(arrive));
      expect(new Set(ids)).toEqual(new Set([expect.stringMatching(/^[\da-z]{12}$/)]));
      expect(sandbox.requests()[GET_TOKEN]).toBe(1);
    }, 120_000);

    const variables = (port: number): Record<string, string> => ({
      PORT: String(port),
      BASE_URL: urls[0],
      DATABASE_URL: database.url,
      SESSION_SECRET: TEST_SESSION_SECRET,
      VAULT_KEYS: TEST_VAULT_KEYS,
      LOGTO_ENDPOINT: sandbox.logto.endpoint,
      LOGTO_APP_ID: sandbox.logto.appId,
      LOGTO_APP_SECRET: sandbox.logto.appSecret,
      CONNECTOR_WECOM_CORP_ID: sandbox.wecom.corpId,
      CONNECTOR_WECOM_APP_SECRET: sandbox.wecom.appSecret,
      CONNECTOR_WECOM_AGENT_ID: sandbox.wecom.agentId,
      CONNECTOR_WECOM_API_ENDPOINT: sandbox.wecom.endpoint,
      CONNECTOR_WECOM_IN_APP_ENDPOINT: `${sandbox.wecom.endpoint}/connect/oauth2/authorize`,
      CONNECTOR_WECOM_QR_ENDPOINT: `${sandbox.wecom.endpoint}/wwlogin/sso/login`,
    });
  },
);
