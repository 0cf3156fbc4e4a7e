import { AuditEntry, Identity, TokenVaultService, User, type TokenSetSummary } from '../../../src/index.js';
import { Revocation } from '../../../src/token-vault/leaving/revocation.entity.js';
import { StoredSecret } from '../../../src/token-vault/stored-secret.entity.js';
import { Browser, type Page } from '../../support/browser.js';
import { consent, startSandboxed, type Sandboxed } from '../../support/sandboxed.js';
import type { BackendOptions } from '../../support/backend.js';

export type Environment = Pick<BackendOptions, 'platform' | 'database' | 'customise'>;

/** A backend with every provider of the sandbox, and people who come to it. */
export class NotificationStage {
  private constructor(readonly sandboxed: Sandboxed) {}

  static async open(environment: Environment): Promise<NotificationStage> {
    const connectors = ({ connectors: all }: Sandboxed['sandbox']) => all;
    return new NotificationStage(await startSandboxed({ ...environment, connectors }));
  }

  get sandbox() {
    return this.sandboxed.sandbox;
  }

  get backend() {
    return this.sandboxed.backend;
  }

  close(): Promise<void> {
    return this.sandboxed.close();
  }

  async signIn(connectorId: string, persona: string, browser = new Browser()): Promise<Browser> {
    const page = await browser.open(`${this.backend.url}/auth/social/${connectorId}`);
    await arrive(page, persona);
    return browser;
  }

  /** A further account of whoever is signed in, by the form of the home page. */
  async link(connectorId: string, persona: string, browser: Browser): Promise<void> {
    const home = await browser.open(`${this.backend.url}/`);
    await arrive(await home.send(`/auth/social/${connectorId}/link`), persona);
  }

  read(browser: Browser, target: string) {
    return browser.json(`${this.backend.url}/api/my-account/identities/${target}/access-token`);
  }

  me(browser: Browser) {
    return browser.json(`${this.backend.url}/api/me`);
  }

  async idOf(browser: Browser): Promise<string> {
    return String((await this.me(browser)).body['id']);
  }

  async post(path: string, init: RequestInit): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${this.backend.url}/notifications/${path}`, { method: 'POST', ...init });
    const text = await answer.text();
    return { status: answer.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  push(token: string, path = 'google') {
    return this.post(path, { headers: { 'content-type': 'application/secevent+jwt' }, body: token });
  }

  async summaries(userId: string): Promise<TokenSetSummary[]> {
    return this.backend.get(TokenVaultService).list(userId);
  }

  counts(): Promise<number[]> {
    const tables = [User, Identity, StoredSecret, Revocation];
    return Promise.all(tables.map((table) => this.backend.dataSource.getRepository<object>(table).count()));
  }

  async audit(): Promise<string[]> {
    const rows = await this.backend.dataSource.manager.find(AuditEntry, { order: { id: 'ASC' } });
    return rows.map(({ event }) => event);
  }
}

/** Chooses the persona and allows whatever is asked; a provider asks twice at most. */
async function arrive(page: Page, persona: string, times = 2): Promise<Page> {
  const consented = await consent(page);
  if (times === 0 || !consented.html.includes('name="persona"')) return consented;
  return arrive(await consented.press('persona', persona), persona, times - 1);
}
