import { CSRF_FIELD } from '../../src/auth/session/csrf.js';
import type { SandboxConnector } from '../../src/sandbox/connectors.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import type { Platform } from '../support/backend.js';
import { Browser, type Page } from '../support/browser.js';
import { startSandboxed, type Sandboxed } from '../support/sandboxed.js';

const TOKEN = '4f1c0a9be2d37856';

/** What the prompt posts beside the credential; undefined leaves a field or the cookie out. */
interface Post {
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly cookie?: string;
  readonly connectorId?: string;
}

/** A backend whose Google has the prompt; further configuration as given. */
export const startWithPrompt = (platform: Platform, google: object = {}): Promise<Sandboxed> =>
  startSandboxed({
    platform,
    connectors: (sandbox) => sandbox.connectors.map((connector) => prompting(connector, google)),
  });

const prompting = (connector: SandboxConnector, google: object): SandboxConnector =>
  connector.id === 'google'
    ? { ...connector, config: { ...connector.config, oneTap: { isEnabled: true }, ...google } }
    : connector;

/** Somebody in front of the sign-in page. */
export class OneTapVisitor {
  readonly browser = new Browser();

  constructor(
    private readonly url: string,
    private readonly sandbox: Sandbox,
  ) {}

  static at({ backend, sandbox }: Sandboxed): OneTapVisitor {
    return new OneTapVisitor(backend.url, sandbox);
  }

  /** The nonce of a sign-in page that has just been opened. */
  async nonce(query = ''): Promise<string> {
    const { html } = await this.browser.open(`${this.url}/sign-in${query}`);
    return /data-nonce="([\w-]+)"/.exec(html)?.[1] ?? '';
  }

  /** What Google hands out for a new page. */
  async credential(
    personaId: string,
    options: Partial<Parameters<Sandbox['oneTapCredential']>[0]> = {},
  ): Promise<string> {
    return this.sandbox.oneTapCredential({ personaId, nonce: await this.nonce(), ...options });
  }

  /** Posts as Google's script does, unless told otherwise. */
  post(credential: string, { fields, cookie = TOKEN, connectorId = 'google' }: Post = {}): Promise<Response> {
    const { hostname } = new URL(this.url);
    if (cookie !== '') this.browser.setCookie(hostname, 'g_csrf_token', cookie);
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries({ credential, g_csrf_token: TOKEN, ...fields }))
      if (value !== undefined) body.append(name, value);
    return this.send(`/callback/${connectorId}`, { method: 'POST', body });
  }

  send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('accept', 'application/json');
    headers.set('origin', this.url);
    return this.browser.request(this.url + path, { ...init, headers });
  }

  open(path: string): Promise<Page> {
    return this.browser.open(this.url + path);
  }

  /** The state of a round trip to Google that the signed-in person begins from the home page. */
  async stateOf(purpose: string): Promise<string> {
    const { html } = await this.open('/');
    const token = new RegExp(`name="${CSRF_FIELD}" value="([^"]+)"`).exec(html)?.[1] ?? '';
    const body = new URLSearchParams({ [CSRF_FIELD]: token });
    const begun = await this.send(
      `/auth/social/google/${purpose}`,
      purpose === 'link' ? { method: 'POST', body } : {},
    );
    return new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  }

  /** Who is signed in, if anybody. */
  async me(): Promise<{ readonly id?: string; readonly name?: string }> {
    const { status, body } = await this.browser.json(`${this.url}/api/me`);
    return status === 200 ? body : {};
  }
}

/** Status and code of a refusal. */
export async function refusalIn(answer: Response): Promise<[number, unknown]> {
  const text = await answer.text();
  return [answer.status, text ? (JSON.parse(text) as { code?: unknown }).code : undefined];
}
