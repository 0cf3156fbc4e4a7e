import { expect } from '@jest/globals';
import type { Persona } from '../../src/sandbox/personas.js';
import { Browser, type Page } from '../support/browser.js';
import { consent, signInThroughGoogle, signInThroughLogto } from '../support/sandboxed.js';
import type { Stage } from './stage.js';

export interface Account {
  readonly persona: Persona;
  readonly provider: 'logto' | 'google';
}

/** A person with a browser, and what the backend has acknowledged to them. */
export class Visitor {
  private readonly browser: WatchfulBrowser;
  private knownId?: unknown;

  constructor(
    private readonly stage: Stage,
    private readonly at: Account,
    onCallback: () => void = () => undefined,
  ) {
    this.browser = new WatchfulBrowser(onCallback);
  }

  get account(): string {
    return `${this.at.persona.id} at ${this.at.provider}`;
  }

  get userId(): string {
    return String(this.knownId);
  }

  get isSignedIn(): boolean {
    return this.browser.cookie('localhost', 'latchkey') !== undefined;
  }

  get hasToken(): boolean {
    return this.browser.hasArrivedFromGoogle;
  }

  async signIn(): Promise<void> {
    const signIn = this.at.provider === 'logto' ? signInThroughLogto : signInThroughGoogle;
    let page = await signIn(this.browser, this.stage, this.at.persona.id);
    if (isAskedAgain(page)) page = await consent(await page.press('persona', this.at.persona.id));
    if (page.url !== `${this.stage.url}/`) throw new Error(`stranded at ${page.url}: ${page.html}`);
    await this.expectToBeSignedIn(this.stage.url);
  }

  async readToken(): Promise<void> {
    const url = `${this.stage.url}/api/my-account/identities/google/access-token`;
    const { status, body } = await this.browser.json(url);
    expect({ status, body }).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(await this.subjectOf(String(body['access_token']))).toBe(this.at.persona.googleSubject);
  }

  async expectToBeSignedIn(url: string): Promise<void> {
    const { status, body } = await this.browser.json(`${url}/api/me`);
    this.knownId ??= body['id'];
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { id: this.knownId, name: this.at.persona.name },
    });
  }

  async expectToBeRemembered(): Promise<void> {
    await this.expectToBeSignedIn(this.stage.url);
    if (this.hasToken) await this.readToken();
  }

  private async subjectOf(token: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${this.stage.sandbox.google.issuer}/v1/userinfo`, { headers });
    return ((await answer.json()) as { sub?: unknown }).sub;
  }
}

/** Google gives a refresh token at the first consent alone; where that one was lost, the backend asks once more. */
const isAskedAgain = (page: Page): boolean => page.html.includes('name="persona"');

/** Notices when it goes back to the backend, and the answer that ends a sign-in with Google: no consent is missing. */
class WatchfulBrowser extends Browser {
  hasArrivedFromGoogle = false;

  constructor(private readonly onCallback: () => void) {
    super();
  }

  override async request(url: string, init?: RequestInit): Promise<Response> {
    const { pathname } = new URL(url);
    const answer = super.request(url, init);
    if (pathname === '/auth/callback' || pathname === '/callback/google') this.onCallback();
    const response = await answer;
    if (pathname === '/callback/google' && response.headers.get('location') === '/')
      this.hasArrivedFromGoogle = true;
    return response;
  }
}
