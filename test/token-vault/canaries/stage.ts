import { API, MOBILE, TokensOfLogto } from '../../guards/tokens.js';
import { Receiver } from '../../events/receiver.js';
import { REPORTS } from '../access/stage.js';
import { AuditVerifier } from '../../../src/audit/audit-verifier.js';
import { HttpClient } from '../../../src/common/http-client.js';
import { LatchkeyError, TokenVaultService } from '../../../src/index.js';
import { startSandbox, type Sandbox } from '../../../src/sandbox/sandbox.js';
import { Sealer } from '../../../src/sealing/sealer.js';
import { ask, type Answer } from '../../connectors/management/stage.js';
import { startBackend, TEST_VAULT_KEYS, type Backend } from '../../support/backend.js';
import type { Page } from '../../support/browser.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';
import { consent } from '../../support/sandboxed.js';
import type { Sink } from './search.js';
import { TappedBrowser, TappedHttpClient, type Heard } from './taps.js';

/** A backend with all providers, a webhook, and an ear at everything that leaves it. */
export class CanaryStage {
  readonly heard: Heard = { tokens: new Map(), addresses: [] };
  readonly seen = { addresses: [] as string[], answers: [] as string[] };
  readonly errors: string[] = [];
  private readonly logs: string[] = [];
  private backend!: Backend;
  private advancedSeconds = 0;

  private constructor(
    readonly sandbox: Sandbox,
    readonly tokensOfLogto: TokensOfLogto,
    private readonly receiver: Receiver,
    private readonly database: TemporaryDatabase,
    private readonly port: number,
  ) {}

  static async open(kind: DatabaseKind): Promise<CanaryStage> {
    const port = await freePort();
    const clients = [MOBILE, REPORTS];
    const applicationUrl = `http://localhost:${port}`;
    const sandbox = await startSandbox({ port: await freePort(), applicationUrl, clients });
    const [tokens, receiver, database] = [
      await TokensOfLogto.of(sandbox),
      await Receiver.start(),
      await temporaryDatabase(kind),
    ];
    const stage = new CanaryStage(sandbox, tokens, receiver, database, port);
    await stage.start(TEST_VAULT_KEYS);
    const config = { url: receiver.url };
    await stage.manage('POST', 'hooks', { name: 'all', events: EVERYTHING, config });
    return stage;
  }

  /** A process of the backend. */
  async start(keys: string): Promise<void> {
    const { github, githubApp, connectors, logto } = this.sandbox;
    const config = { ...github, ...githubApp };
    const app = { id: 'github-app', connectorId: 'github-universal', target: 'github-app', config };
    const settings = {
      logto: { ...logto, audience: API },
      connectors: [...connectors, { ...app, enableTokenStorage: true }],
      privateHosts: [this.receiver.host],
      vaultKeys: { text: keys, variable: 'VAULT_KEYS' },
    };
    this.backend = await startBackend({
      settings,
      port: this.port,
      database: this.database,
      customise: (builder) => builder.overrideProvider(HttpClient).useValue(new TappedHttpClient(this.heard)),
    });
    this.backend.clock.advance(this.advancedSeconds);
    this.sandbox.attach(this.backend.clock);
  }

  advance(seconds: number): void {
    this.sandbox.advance(seconds);
    this.advancedSeconds += seconds;
  }

  async stop(): Promise<void> {
    await this.backend.close();
    this.logs.push(...this.backend.logs);
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await this.receiver.close();
    await this.database.drop();
  }

  get: Backend['get'] = (token) => this.backend.get(token);

  get url(): string {
    return this.backend.url;
  }

  get dataSource(): Backend['dataSource'] {
    return this.backend.dataSource;
  }

  browser(): TappedBrowser {
    return new TappedBrowser(this.url, this.seen);
  }

  async signIn(path: string, persona: string, browser = this.browser()): Promise<TappedBrowser> {
    await this.arrive(await browser.open(`${this.url}${path}`), persona);
    return browser;
  }

  async link(connectorId: string, persona: string, browser: TappedBrowser): Promise<void> {
    const home = await browser.open(`${this.url}/`);
    await this.arrive(await home.send(`/auth/social/${connectorId}/link`), persona);
  }

  /** By the application itself, which keeps what is said where it fails. */
  async read(userId: string, target: string): Promise<string> {
    try {
      await this.get(TokenVaultService).read(userId, target);
      return 'read';
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
      this.errors.push(JSON.stringify(error), String(error.stack), String((error.cause as Error)?.stack));
      return error.code;
    }
  }

  manage(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.as(this.tokensOfLogto.machine('all'), method, path, body);
  }

  async as(token: Promise<string>, method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${await token}` };
    const answer = await ask(`${this.url}/api/${path}`, method, body, headers);
    if (!path.endsWith('/access-token') || answer.status >= 400) this.seen.answers.push(answer.text);
    return answer;
  }

  deliveries(): number {
    return this.receiver.requests.length;
  }

  /** Everything that is kept or was sent, but for tokens to whom they belong. The process has to run. */
  async sinks(): Promise<Sink[]> {
    const verifier = new AuditVerifier(this.dataSource, this.get(Sealer), this.backend.clock);
    const rows: string[] = [];
    await verifier.forEachPage(async (page) => void rows.push(JSON.stringify(page)));
    const parts: [string, readonly string[]][] = [
      ['logs', [...this.logs, ...this.backend.logs]],
      ['answers', this.seen.answers],
      ['addresses', this.seen.addresses],
      ['addresses of providers', this.heard.addresses.filter((address) => !isDemanded(address))],
      ['errors', this.errors],
      ['webhooks', this.receiver.requests.map((request) => JSON.stringify(request))],
      ['audit export', rows],
    ];
    const sinks = parts.map(([name, texts]) => ({ name, content: Buffer.from(texts.join('\n')) }));
    return [{ name: 'database', content: await this.database.dump() }, ...sinks];
  }

  private async arrive(page: Page, persona: string, times = 2): Promise<void> {
    const consented = await consent(page);
    if (times === 0 || !consented.html.includes('name="persona"')) return;
    await this.arrive(await consented.press('persona', persona), persona, times - 1);
  }
}

/** WeCom takes its token in the address alone, and Facebook's inspection the one that is inspected. */
const isDemanded = (address: string): boolean => /\/wecom\/cgi-bin\/|\/debug_token\?/.test(address);

const EVERYTHING = [
  'TokenSet.Stored',
  'TokenSet.Refreshed',
  'TokenSet.StatusUpdated',
  'TokenSet.Deleted',
  'Identity.Linked',
  'Identity.Unlinked',
  'User.Created',
  'User.Deleted',
];
