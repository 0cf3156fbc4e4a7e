import { startSandbox, type Sandbox } from '../../../src/sandbox/sandbox.js';
import { ask, type Answer } from '../../connectors/management/stage.js';
import { API, MOBILE, TokensOfLogto } from '../../guards/tokens.js';
import { googleInstance, startBackend, type Backend, type Platform } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import type { DatabaseKind } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';
import { signInThroughGoogle } from '../../support/sandboxed.js';

const program = (clientId: string) => ({
  clientId,
  clientSecret: `the secret of ${clientId}`,
  redirectUris: [],
});

/** Two programs that may do nothing by themselves. */
export const REPORTS = program('reports');
export const SUPPORT = program('support');

export type Program = typeof REPORTS;

export const READING = { purpose: 'weekly-report', reason: 'Report of week 47' };

/** A backend with Google, programs that want to read tokens, and one that manages. */
export class AccessStage {
  private constructor(
    readonly backend: Backend,
    readonly sandbox: Sandbox,
    readonly tokens: TokensOfLogto,
    private readonly management: string,
  ) {}

  static async open(
    options: { readonly platform?: Platform; readonly database?: DatabaseKind } = {},
  ): Promise<AccessStage> {
    const port = await freePort();
    const applicationUrl = `http://localhost:${port}`;
    const clients = [MOBILE, REPORTS, SUPPORT];
    const sandbox = await startSandbox({ port: await freePort(), applicationUrl, clients });
    const settings = {
      logto: { ...sandbox.logto, audience: API },
      connectors: [googleInstance(sandbox.google)],
    };
    const backend = await startBackend({ ...options, port, settings });
    sandbox.attach(backend.clock);
    const tokens = await TokensOfLogto.of(sandbox);
    return new AccessStage(backend, sandbox, tokens, await tokens.machine('all'));
  }

  async close(): Promise<void> {
    await this.backend.close();
    await this.sandbox.close();
  }

  /** Somebody whose Google token is stored: their browser, and their id with us. */
  async person(persona: string): Promise<{ browser: Browser; id: string }> {
    const browser = new Browser();
    await signInThroughGoogle(browser, this.backend, persona);
    return { browser, id: String((await browser.json(`${this.backend.url}/api/me`)).body['id']) };
  }

  /** As whoever manages. */
  manage(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.as(this.management, method, path, body);
  }

  as(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(`${this.backend.url}/api/${path}`, method, body, { authorization: `Bearer ${token}` });
  }

  async grant(changes: Record<string, unknown> = {}): Promise<string> {
    const grant = { clientId: REPORTS.clientId, target: 'google', purpose: READING.purpose, ...changes };
    const { status, body } = await this.manage('POST', 'token-grants', grant);
    if (status !== 201) throw new Error(`the grant was answered with ${status} ${JSON.stringify(body)}`);
    return String(body['id']);
  }

  /** A program's read of somebody's Google token. */
  async retrieve(userId: string, changes: Record<string, unknown> = {}, by = REPORTS): Promise<Answer> {
    const token = await this.tokens.machine('tokens:read', by);
    return this.as(token, 'POST', `users/${userId}/identities/google/access-token`, {
      ...READING,
      ...changes,
    });
  }
}
