import 'reflect-metadata';
import { setImmediate as turn } from 'node:timers/promises';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { DataSource, Repository } from 'typeorm';
import { AppModule, secureApplication } from '../../src/app.module.js';
import type { LogtoOptions } from '../../src/auth/auth.options.js';
import type { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { LogtoClients } from '../../src/auth/logto/logto-clients.js';
import { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import { LogtoSessions, type HeldTokens } from '../../src/auth/logto/logto-sessions.js';
import { Logto } from '../../src/auth/logto/logto.js';
import { Clock } from '../../src/common/clock.js';
import { openDataSource } from '../../src/database/data-source.js';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';
import {
  googleInstance,
  PATIENCE_MILLISECONDS,
  TEST_SESSION_SECRET,
  TEST_VAULT_KEYS,
  type Platform,
} from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';
import { freePort } from '../support/ports.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { StandingClock } from '../support/standing-clock.js';

export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;

export const API = 'https://api.example.test/';
/** Alice is an admin of the first and a member of the second; Bob is a member of the first. */
export const AURORA = 'k3v9xq27mz0a';
export const HARBOUR = '7t1hd84wpe6s';
export const ALICE = 'xw3jr9c2iw77';

/** Roles, organisations, and what their roles permit. */
export const EVERY_SCOPE = [
  'email',
  'roles',
  'urn:logto:scope:organizations',
  'urn:logto:scope:organization_roles',
  'read:members',
  'invite:member',
  'manage:settings',
  'read:documents',
  'write:documents',
];

export interface StageOptions {
  readonly platform?: Platform;
  readonly database?: DatabaseKind;
  /** How many instances of the backend share the database; a session is good at each. Default: 1. */
  readonly instances?: number;
  readonly logto?: Partial<Pick<LogtoOptions, 'scopes' | 'resources' | 'prompt'>>;
  readonly sandbox?: Partial<SandboxOptions>;
  /** Modules of an application around the backend. */
  readonly imports?: Type[];
}

/** One running backend. */
export interface Instance {
  readonly url: string;
  readonly app: INestApplication;
  readonly dataSource: DataSource;
  /** Logto for whoever is signed in in this browser. */
  clientOf(browser: Browser): LogtoClient;
  get<Provider>(token: Type<Provider>): Provider;
}

/** Instances of the backend on one database, whose Logto is a sandbox of their own; all follow one clock. */
export class Stage {
  private constructor(
    readonly sandbox: Sandbox,
    readonly clock: Clock,
    readonly database: TemporaryDatabase,
    readonly instances: readonly Instance[],
    /** What all of them have logged, as it would have been printed. */
    readonly logs: readonly string[],
  ) {}

  static async start(options: StageOptions = {}): Promise<Stage> {
    const port = await freePort();
    const baseUrl = `http://localhost:${port}`;
    const sandbox = await startSandbox({
      port: await freePort(),
      applicationUrl: baseUrl,
      ...options.sandbox,
    });
    const clock = new StandingClock();
    sandbox.attach(clock);
    const database = await temporaryDatabase(options.database ?? 'SQLite');
    const logs: string[] = [];
    const instances: Instance[] = [];
    for (let number = 0; number < (options.instances ?? 1); number += 1) {
      const at = { baseUrl, port: number === 0 ? port : await freePort() };
      instances.push(await startInstance({ ...options, ...at, sandbox, clock, database, logs }));
    }
    return new Stage(sandbox, clock, database, instances, logs);
  }

  /** The instance that Logto sends people back to. */
  get instance(): Instance {
    return this.instances[0];
  }

  /** A browser in which this persona has signed in at Logto. */
  async signedIn(persona = 'alice'): Promise<Browser> {
    const browser = new Browser();
    await signInThroughLogto(browser, this.instance, persona);
    return browser;
  }

  /** The same person again in the same browser: Logto remembers who it is. */
  async signInAgain(browser: Browser): Promise<void> {
    await browser.open(`${this.instance.url}/auth/sign-in`);
  }

  clientOf(browser: Browser): LogtoClient {
    return this.instance.clientOf(browser);
  }

  /** How many refresh requests have reached Logto since its counters were cleared. */
  refreshes(): number {
    return this.sandbox.requests()['POST /oidc/token refresh_token'] ?? 0;
  }

  get rows(): Repository<LogtoSession> {
    return this.instance.dataSource.getRepository(LogtoSession);
  }

  /** The one session that there is, opened. */
  async held(): Promise<HeldTokens> {
    const rows = await this.rows.find();
    if (rows.length !== 1) throw new Error(`there are ${rows.length} sessions of Logto's`);
    return this.open(rows[0]);
  }

  async open({ sessionId }: LogtoSession): Promise<HeldTokens> {
    return (await this.instance.get(LogtoSessions).read(sessionId)) as HeldTokens;
  }

  /** Nobody is signed in, and Logto has had no requests and has no faults. */
  async clear(): Promise<void> {
    this.sandbox.clearFaults();
    await this.rows.deleteAll();
    await this.instance.dataSource.getRepository('latchkey_sessions').deleteAll();
    this.sandbox.clearRequests();
  }

  async close(): Promise<void> {
    for (const { app } of this.instances) await app.close();
    await this.sandbox.close();
    await this.database.drop();
  }
}

interface InstanceOptions extends Omit<StageOptions, 'sandbox' | 'database'> {
  readonly baseUrl: string;
  readonly port: number;
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly database: TemporaryDatabase;
  readonly logs: string[];
}

async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { baseUrl, port, sandbox, clock, database, logs, platform = 'Fastify', imports = [] } = options;
  const dataSource = await openDataSource(database.url, PATIENCE_MILLISECONDS);
  const settings = {
    baseUrl,
    sessionSecret: [TEST_SESSION_SECRET],
    vaultKeys: { text: TEST_VAULT_KEYS, variable: 'VAULT_KEYS' },
    logto: { ...sandbox.logto, ...options.logto },
    connectors: [googleInstance(sandbox.google)],
    renewal: false as const,
  };
  const module = await Test.createTestingModule({
    imports: [AppModule.forRoot(settings, dataSource), ...imports],
  })
    .setLogger(recorder(logs))
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const adapter = platform === 'Fastify' ? fastifyAdapter() : new PatientExpress();
  const app = module.createNestApplication(adapter, { forceCloseConnections: true });
  await secureApplication(app, settings).listen(port, 'localhost');
  return {
    url: `http://localhost:${port}`,
    app,
    dataSource,
    clientOf: (browser) =>
      app
        .get(LogtoClients)
        .of({ headers: { cookie: `latchkey=${browser.cookie('localhost', 'latchkey')}` } }),
    get: (token) => app.get(token),
  };
}

function recorder(logs: string[]): LoggerService {
  const record = (...parts: unknown[]) => void logs.push(parts.map(String).join(' '));
  return { log: record, error: record, warn: record, debug: record, verbose: record, fatal: record };
}

/** A refresh that is on its way to Logto, and stays there. */
export interface HeldRefresh {
  readonly asked: Promise<void>;
  goOn(): void;
}

/** The next refresh of the instance; those after it go as ever. */
export function holdRefresh(instance: Instance): HeldRefresh {
  const logto = instance.get(Logto);
  const refresh = logto.refresh.bind(logto);
  let arrive = (): void => undefined;
  let goOn = (): void => undefined;
  const asked = new Promise<void>((resolve) => (arrive = resolve));
  const held = new Promise<void>((resolve) => (goOn = resolve));
  logto.refresh = async (...parameters) => {
    logto.refresh = refresh;
    arrive();
    await held;
    return refresh(...parameters);
  };
  return { asked, goOn };
}

/** Resolves as soon as the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

export const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));
