import { Test } from '@nestjs/testing';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AppModule, secureApplication } from '../../src/app.module.js';
import { Clock } from '../../src/common/clock.js';
import { openDataSource } from '../../src/database/data-source.js';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import {
  PATIENCE_MILLISECONDS,
  startBackend,
  TEST_SESSION_SECRET,
  TEST_VAULT_KEYS,
  type Backend,
  type BackendOptions,
  type Platform,
} from '../support/backend.js';
import { Browser, type Page } from '../support/browser.js';
import type { DatabaseKind } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';
import { HostileIssuer, type HostileIssuerOptions } from '../support/hostile-issuer.js';
import { freePort } from '../support/ports.js';

/** Somebody at the issuer, in one of its sessions. */
export interface Visitor {
  readonly browser: Browser;
  readonly sub: string;
  readonly sid: string;
}

/** A further process of the same application: the same database and address, a port and a clock of its own. */
export interface Instance {
  readonly url: string;
  readonly clock: Clock;
  get<Provider>(token: Type<Provider>): Provider;
  close(): Promise<void>;
}

export interface SessionStageOptions {
  readonly platform: Platform;
  readonly database?: DatabaseKind;
  readonly settings?: Partial<BackendOptions['settings']> & Record<string, unknown>;
  readonly issuer?: HostileIssuerOptions;
}

/** A backend whose Logto is a hostile issuer, which names its sessions; and further instances of it. */
export class SessionStage {
  private readonly others: Instance[] = [];

  private constructor(
    private readonly options: SessionStageOptions,
    readonly issuer: HostileIssuer,
    readonly backend: Backend,
  ) {}

  static async open(options: SessionStageOptions): Promise<SessionStage> {
    const issuer = await HostileIssuer.start({ path: '/oidc', ...options.issuer });
    const { platform, database, settings } = options;
    const backend = await startBackend({
      platform,
      database,
      settings: { logto: issuer.logto, ...settings },
    });
    return new SessionStage(options, issuer, backend);
  }

  async close(): Promise<void> {
    for (const other of this.others) await other.close();
    await this.backend.close();
    await this.issuer.close();
  }

  /** A sign-in through Logto, to its end. */
  async signIn({
    browser = new Browser(),
    sub = randomUUID(),
    sid = randomUUID(),
  }: Partial<Visitor> = {}): Promise<Visitor & { readonly page: Page }> {
    this.issuer.person = { sub, sid, email: `${sub}@example.test`, email_verified: true };
    const page = await browser.open(`${this.backend.url}/auth/sign-in`);
    if (page.status !== 200) throw new Error(`nobody was signed in: ${page.status} ${page.html}`);
    return { browser, sub, sid, page };
  }

  async isSignedIn({ browser }: Pick<Visitor, 'browser'>, url = this.backend.url): Promise<boolean> {
    const { status } = await browser.json(`${url}/api/me`);
    if (status !== 200 && status !== 401) throw new Error(`/api/me answered ${status}`);
    return status === 200;
  }

  /** The proof that a form is ours, as the page of the session carries it. */
  async proof({ browser }: Pick<Visitor, 'browser'>, url = this.backend.url): Promise<URLSearchParams> {
    const { html } = await browser.open(`${url}/`);
    return new URLSearchParams({ csrf_token: /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '' });
  }

  async anotherInstance(changes: Record<string, unknown> = {}): Promise<Instance> {
    const { platform, settings } = this.options;
    const all = {
      baseUrl: this.backend.url,
      sessionSecret: [TEST_SESSION_SECRET],
      vaultKeys: { text: TEST_VAULT_KEYS, variable: 'VAULT_KEYS' },
      logto: this.issuer.logto,
      ...settings,
      ...changes,
    };
    const dataSource = await openDataSource(this.backend.database.url, PATIENCE_MILLISECONDS);
    const module = await Test.createTestingModule({ imports: [AppModule.forRoot(all, dataSource)] })
      .setLogger(silent)
      .compile();
    const app: INestApplication = module.createNestApplication(
      platform === 'Fastify' ? fastifyAdapter() : new PatientExpress(),
      { forceCloseConnections: true },
    );
    const port = await freePort();
    await secureApplication(app, all).listen(port, 'localhost');
    const instance: Instance = {
      url: `http://localhost:${port}`,
      clock: app.get(Clock),
      get: (token) => app.get(token),
      close: () => app.close(),
    };
    this.others.push(instance);
    return instance;
  }
}

const silent = Object.fromEntries(
  (['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const).map((level) => [level, () => undefined]),
) as unknown as LoggerService;

/** The same browser, or a thief of its cookies: what is kept, and what is sent, from this moment on. */
export function copyOf({ browser }: Pick<Visitor, 'browser'>): { browser: Browser } {
  const copy = new Browser();
  copy.setCookie('localhost', 'latchkey', String(browser.cookie('localhost', 'latchkey')));
  return { browser: copy };
}
