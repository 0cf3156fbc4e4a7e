import { jest } from '@jest/globals';
import { Secret } from '../../src/common/secret.js';
import type { TokenSet } from '../../src/connectors/token-set.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { LastUses } from '../../src/token-vault/renewal/last-uses.js';
import { RENEWAL_TIMES, renewalTimes, RenewalWorker } from '../../src/token-vault/renewal/renewal-worker.js';
import { TokenVaultService, type TokenSetSummary } from '../../src/token-vault/token-vault.service.js';
import { Browser } from '../support/browser.js';
import type { DatabaseKind } from '../support/databases.js';
import { consent, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

const NEVER = 24 * 60 * 60 * 1000;

/** A backend with every provider of the sandbox, whose background renewal looks when it is told to. */
export class Lifecycles {
  private constructor(private readonly stage: Sandboxed) {}

  static async start(database: DatabaseKind): Promise<Lifecycles> {
    const stage = await startSandboxed({
      database,
      connectors: ({ connectors, github, githubApp }) => [
        ...connectors,
        {
          id: 'github-app',
          connectorId: 'github-universal',
          target: 'github-app',
          config: { ...github, ...githubApp },
          enableTokenStorage: true,
        },
      ],
      settings: { renewal: {} },
      customise: (builder) =>
        builder
          .overrideProvider(RENEWAL_TIMES)
          .useValue({ ...renewalTimes, idleMilliseconds: NEVER, busyMilliseconds: NEVER }),
    });
    return new Lifecycles(stage);
  }

  get sandbox(): Sandbox {
    return this.stage.sandbox;
  }

  get dataSource() {
    return this.stage.backend.dataSource;
  }

  /** A person signs in with this account. Returns the user's id; the providers have been asked nothing since. */
  async signIn(connectorId: string, persona: string): Promise<string> {
    const browser = new Browser();
    const page = await browser.open(`${this.stage.backend.url}/auth/social/${connectorId}`);
    await consent(await page.press('persona', persona));
    const { body } = await browser.json(`${this.stage.backend.url}/api/me`);
    this.sandbox.clearRequests();
    return String(body['id']);
  }

  /** Lets time pass for all, and the background renewal look once, or twice where it has more to do. */
  async pass(seconds: number): Promise<void> {
    this.sandbox.advance(seconds);
    await this.stage.backend.get(LastUses).flush();
    const worker = this.stage.backend.get(RenewalWorker);
    if (await worker.turn()) await worker.turn();
  }

  read(userId: string, target: string, refused?: Secret): Promise<TokenSet> {
    return this.stage.backend.get(TokenVaultService).read(userId, target, { refused });
  }

  /** Lets no time pass for the backend until this is done. */
  async atOnce<Result>(action: () => Promise<Result>): Promise<Result> {
    const { clock } = this.stage.backend;
    const now = jest.spyOn(clock, 'now').mockReturnValue(clock.now());
    try {
      return await action();
    } finally {
      now.mockRestore();
    }
  }

  async token(userId: string, target: string): Promise<string> {
    return (await this.read(userId, target)).accessToken.reveal();
  }

  async summary(userId: string, target: string): Promise<TokenSetSummary | undefined> {
    const all = await this.stage.backend.get(TokenVaultService).list(userId);
    return all.find((summary) => summary.target === target);
  }

  /** How often a provider was asked for tokens since the last sign-in, or since the last {@link Sandbox.clearRequests}. */
  asked(request: string): number {
    return this.sandbox.requests()[request] ?? 0;
  }

  async status(path: string, token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${this.sandbox.url}${path}`, { headers })).status;
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}
