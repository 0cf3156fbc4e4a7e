import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LogtoOptions } from '../../src/auth/auth.options.js';
import { googleInstance, startBackend, type Backend, type Platform } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { HostileIssuer, type Bends, type HostileIssuerOptions } from '../support/hostile-issuer.js';
import type { SigningAlgorithm } from '../support/hostile-issuer-keys.js';

/** A way in: through Logto, or through a connector. Both rest on one relying party. */
export interface Door {
  readonly name: 'Logto' | 'Google';
  readonly start: string;
  readonly callback: string;
}

export const LOGTO: Door = { name: 'Logto', start: '/auth/sign-in', callback: '/auth/callback' };
export const GOOGLE: Door = { name: 'Google', start: '/auth/social/google', callback: '/callback/google' };
export const doors = [LOGTO, GOOGLE];

/** `accepted`, or the status and the code of the error. */
export type Verdict = string;

export interface Attempt {
  readonly browser: Browser;
  readonly verdict: Verdict;
  /** Absent when the browser was not sent to the issuer. */
  readonly callback?: string;
  readonly answer: Answer;
}

type Answer = Awaited<ReturnType<Browser['json']>>;

const TABLES = ['users', 'identities', 'secrets', 'sessions', 'logto_sessions'];

/** What differs from the ordinary stage. */
export interface StageOptions {
  /** Further settings of Logto in the application. */
  readonly logto?: Pick<LogtoOptions, 'scopes' | 'maxAgeSeconds' | 'acrValues'>;
  /** The same for the connector. */
  readonly google?: { readonly scope?: string };
  /** How the issuer behind Logto is built. */
  readonly issuer?: HostileIssuerOptions;
}

/** A backend whose Logto and Google are hostile issuers. */
export class Stage {
  private constructor(
    readonly backend: Backend,
    private readonly issuers: Readonly<Record<Door['name'], HostileIssuer>>,
  ) {}

  static async open(
    platform: Platform,
    algorithm: SigningAlgorithm = 'ES384',
    options: StageOptions = {},
  ): Promise<Stage> {
    const logto = await HostileIssuer.start({ path: '/oidc', algorithm, ...options.issuer });
    const google = await HostileIssuer.start({ authentication: 'post', algorithm: 'RS256' });
    const backend = await startBackend({
      platform,
      settings: {
        logto: { ...logto.logto, ...options.logto },
        connectors: [googleInstance({ ...google.google, ...options.google })],
      },
    });
    return new Stage(backend, { Logto: logto, Google: google });
  }

  async close(): Promise<void> {
    await this.backend.close();
    await Promise.all(Object.values(this.issuers).map((issuer) => issuer.close()));
  }

  issuer({ name }: Door): HostileIssuer {
    return this.issuers[name];
  }

  /** One whole sign-in of somebody whom we have never seen. */
  async attempt(door: Door, browser = new Browser()): Promise<Attempt> {
    const { start, callback } = await this.depart(door, browser);
    if (callback !== undefined) return this.arrive(callback, browser);
    return { browser, answer: start, verdict: verdictOf(start) };
  }

  /** The same at an issuer that departs from the specifications for this once. */
  async attemptBent(door: Door, bends: Bends): Promise<Attempt> {
    this.issuer(door).bend(bends);
    const attempt = await this.attempt(door);
    this.issuer(door).behave();
    return attempt;
  }

  /** A sign-in that has come back from the issuer: the address that the browser is sent to, not opened yet. */
  async pending(door: Door, browser: Browser): Promise<string> {
    const { callback } = await this.depart(door, browser);
    if (callback === undefined) throw new Error(`${door.name} sent the browser nowhere`);
    return callback;
  }

  async arrive(callback: string, browser: Browser, init: RequestInit = {}): Promise<Attempt> {
    const answer = await browser.json(callback, init);
    return { browser, callback, answer, verdict: verdictOf(answer) };
  }

  private async depart(door: Door, browser: Browser): Promise<{ start: Answer; callback?: string }> {
    const sub = randomUUID();
    this.issuer(door).person = { sub, email: `${sub}@example.test`, email_verified: true };
    const start = await browser.json(this.backend.url + door.start);
    const location = start.headers.get('location');
    if (location === null) return { start };
    return { start, callback: (await browser.request(location)).headers.get('location') ?? undefined };
  }

  async isSignedIn(browser: Browser): Promise<boolean> {
    const { status } = await browser.json(`${this.backend.url}/api/me`);
    expect([200, 401]).toContain(status);
    return status === 200;
  }

  /** How many rows each table has that a sign-in writes to. */
  async rows(): Promise<Record<string, number>> {
    const counts = TABLES.map(async (table) => [table, await this.count(table)] as const);
    return Object.fromEntries(await Promise.all(counts));
  }

  async count(table: string): Promise<number> {
    const [row] = await this.backend.dataSource.query<[{ n: number }]>(
      `SELECT count(*) AS n FROM latchkey_${table}`,
    );
    return Number(row.n);
  }

  /** A safe refusal in every respect, after which a good sign-in works. Returns what was seen. */
  async refuses(
    door: Door,
    attempt: () => Promise<Attempt>,
    bends: Bends = {},
  ): Promise<{ verdict: Verdict; tokenRequests: number }> {
    const issuer = this.issuer(door);
    const rows = await this.rows();
    const before = issuer.requestsTo('token').length;
    issuer.bend(bends);
    const { browser, verdict, callback, answer } = await attempt();
    const tokenRequests = issuer.requestsTo('token').length - before;
    expect({ verdict, signedIn: await this.isSignedIn(browser) }).toEqual({ verdict, signedIn: false });
    expect(await this.rows()).toEqual(rows);
    this.expectNoSecretIn(JSON.stringify(answer.body) + this.backend.logs.join('\n'));
    if (callback !== undefined) {
      expect((await this.arrive(callback, browser)).verdict).toBe('400 auth.state_invalid');
      expect(issuer.requestsTo('token').length - before).toBe(tokenRequests);
    }
    issuer.behave();
    await this.accepts(door);
    return { verdict, tokenRequests };
  }

  /** A sign-in that ends in a session of its own. */
  async accepts(door: Door, bends: Bends = {}): Promise<Attempt> {
    this.issuer(door).bend(bends);
    const attempt = await this.attempt(door);
    expect(attempt.verdict).toBe('accepted');
    expect(await this.isSignedIn(attempt.browser)).toBe(true);
    this.issuer(door).behave();
    return attempt;
  }

  expectNoSecretIn(text: string): void {
    const secrets = doors.flatMap((door) => [this.issuer(door).client.secret, ...this.issuer(door).secrets]);
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }
}

function verdictOf({ status, headers, body }: Answer): Verdict {
  if (status === 303) return headers.get('location') === '/' ? 'accepted' : '303 elsewhere';
  return `${status} ${String(body['code'])}`;
}
