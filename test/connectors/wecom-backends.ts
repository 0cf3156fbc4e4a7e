import 'reflect-metadata';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule, secureApplication } from '../../src/app.module.js';
import { Clock } from '../../src/common/clock.js';
import { openDataSource } from '../../src/database/data-source.js';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';
import { freePort } from '../support/ports.js';
import { StandingClock } from '../support/standing-clock.js';

/** Somebody who has been sent back by WeCom, and has not arrived. */
export interface Returning {
  readonly browser: Browser;
  readonly callback: string;
}

/** Two instances of the backend on one database, with two companies at the WeCom of a sandbox; one clock for all. */
export class WecomBackends {
  private constructor(
    readonly sandbox: Sandbox,
    readonly clock: Clock,
    readonly urls: readonly [string, string],
    readonly logs: readonly string[],
    readonly close: () => Promise<void>,
  ) {}

  static async start(kind: DatabaseKind): Promise<WecomBackends> {
    const ports = [await freePort(), await freePort()] as const;
    const [first, second] = [`http://localhost:${ports[0]}`, `http://localhost:${ports[1]}`];
    const sandbox = await startSandbox({ port: await freePort(), applicationUrl: first });
    const clock = new StandingClock();
    sandbox.attach(clock);
    const database = await temporaryDatabase(kind);
    const logs: string[] = [];
    const apps: INestApplication[] = [];
    for (const port of ports)
      apps.push(await startInstance({ port, baseUrl: first, sandbox, clock, database, logs }));
    const close = async () => {
      await Promise.all(apps.map((app) => app.close()));
      await sandbox.close();
      await database.drop();
    };
    return new WecomBackends(sandbox, clock, [first, second], logs, close);
  }

  /** How often WeCom was asked for an application token. */
  get grants(): number {
    return this.sandbox.requests()['GET /wecom/cgi-bin/gettoken'] ?? 0;
  }

  /** Goes to WeCom from one of the instances, scans the code, and stops before coming back. */
  async depart(index: 0 | 1, persona = 'alice'): Promise<Returning> {
    const browser = new Browser();
    const start = await browser.request(`${this.urls[index]}/auth/social/wecom`);
    const page = new URL(start.headers.get('location') ?? '');
    const body = new URLSearchParams({ request: page.search.slice(1), persona });
    const headers = { origin: page.origin };
    const answer = await browser.request(page.origin + page.pathname, { method: 'POST', body, headers });
    return { browser, callback: answer.headers.get('location') ?? '' };
  }

  /** Comes back to one of the instances, whichever was left. */
  async arrive({ browser, callback }: Returning, index: 0 | 1): Promise<string> {
    const { pathname, search } = new URL(callback);
    const { status } = await browser.request(this.urls[index] + pathname + search);
    const { body } = await browser.json(`${this.urls[index]}/api/me`);
    return status < 400 ? String(body['id']) : `refused with ${status}`;
  }
}

interface InstanceOptions extends Pick<WecomBackends, 'sandbox' | 'clock'> {
  readonly port: number;
  readonly baseUrl: string;
  readonly database: TemporaryDatabase;
  readonly logs: string[];
}

async function startInstance(options: InstanceOptions): Promise<INestApplication> {
  const { port, baseUrl, sandbox, clock, database, logs } = options;
  const settings = {
    baseUrl,
    sessionSecret: [TEST_SESSION_SECRET],
    vaultKeys: { text: TEST_VAULT_KEYS, variable: 'VAULT_KEYS' },
    logto: sandbox.logto,
    connectors: [instanceOf('wecom', sandbox.wecom), instanceOf('wecom-2', sandbox.wecomSecondCorp)],
  };
  const builder = Test.createTestingModule({
    imports: [AppModule.forRoot(settings, await openDataSource(database.url))],
  });
  const module = await builder.overrideProvider(Clock).useValue(clock).setLogger(recorder(logs)).compile();
  const app = module.createNestApplication(fastifyAdapter(), { forceCloseConnections: true });
  await secureApplication(app, settings).listen(port, 'localhost');
  return app;
}

/** Each company is a target of its own: a person may have an account in both. */
const instanceOf = (id: string, { endpoint, ...application }: Sandbox['wecom']) => ({
  id,
  target: id,
  connectorId: 'wecom-universal',
  config: {
    ...application,
    apiEndpoint: endpoint,
    inAppEndpoint: `${endpoint}/connect/oauth2/authorize`,
    qrEndpoint: `${endpoint}/wwlogin/sso/login`,
  },
});

function recorder(logs: string[]): LoggerService {
  const record = (...parts: unknown[]) => void logs.push(parts.map(String).join(' '));
  return { log: record, error: record, warn: record };
}
