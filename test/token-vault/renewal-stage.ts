import { Clock, systemSeconds } from '../../src/common/clock.js';
import { randomId } from '../../src/common/random.js';
import { Secret } from '../../src/common/secret.js';
import { RenewalSchedule } from '../../src/token-vault/renewal/renewal-schedule.js';
import { RenewalWorker } from '../../src/token-vault/renewal/renewal-worker.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from '../../src/token-vault/token-set.sealer.js';
import { json, serve, type HttpServer, type Recorded, type Reply } from '../support/hostile-issuer-http.js';
import type { VaultStage } from './vault-stage.js';

export const LIFETIME_SECONDS = 3600;

/** Moves when it is told to, and never by itself. */
export class VirtualClock extends Clock {
  private seconds = systemSeconds();

  override now(): number {
    return this.seconds;
  }

  override ticks(): number {
    return this.seconds * 1000;
  }

  override advance(seconds: number): void {
    this.seconds += seconds;
  }
}

/** A provider whose tokens live an hour at first, whose refresh tokens are good once, and that remembers when each came. */
export class RefreshingProvider {
  lifetimeSeconds = LIFETIME_SECONDS;
  /** By the refresh token that came. */
  readonly refreshes: { readonly token: string; readonly at: number }[] = [];
  /** What it answers instead, if anything. */
  answers: (() => Promise<Reply> | Reply) | undefined;
  private readonly spent = new Set<string>();
  private server: HttpServer;
  private count = 0;

  constructor(private readonly clock: Clock) {}

  async start(): Promise<this> {
    this.server = await serve((request) => this.answer(request));
    return this;
  }

  get origin(): string {
    return this.server.origin;
  }

  /** The most that came within one second of its clock. */
  get mostInASecond(): number {
    const counts = new Map<number, number>();
    for (const { at } of this.refreshes) counts.set(at, (counts.get(at) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }

  /** How many times each refresh token came, without repetition. */
  get timesEach(): number[] {
    const counts = new Map<string, number>();
    for (const { token } of this.refreshes) counts.set(token, (counts.get(token) ?? 0) + 1);
    return [...new Set(counts.values())];
  }

  reset(): void {
    this.refreshes.length = 0;
    this.spent.clear();
    this.answers = undefined;
    this.lifetimeSeconds = LIFETIME_SECONDS;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async answer({ form }: Recorded): Promise<Reply> {
    const token = form.get('refresh_token') ?? '';
    this.refreshes.push({ token, at: this.clock.now() });
    if (this.answers) return this.answers();
    if (this.spent.has(token)) return json({ error: 'invalid_grant' }, 400);
    this.spent.add(token);
    this.count += 1;
    return json({
      access_token: `access-${this.count}`,
      refresh_token: `refresh-${this.count}`,
      token_type: 'Bearer',
      expires_in: this.lifetimeSeconds,
    });
  }
}

/** One look of the background renewal of an instance. */
export const turn = ({ app }: VaultStage): Promise<boolean> => app.get(RenewalWorker).turn();

export const userOf = (index: number): string => `user${String(index).padStart(8, '0')}`;

const CHUNK = 200;

/** Grants of that many people that were all given at this moment, as the vault would have stored them one by one. */
export async function seed(stage: VaultStage, connectorId: string, count: number): Promise<void> {
  const [sealer, schedule] = [stage.get(TokenSetSealer), stage.get(RenewalSchedule)];
  const now = stage.clock.now();
  for (let start = 0; start < count; start += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, count - start) }, async (_, index) => {
      const userId = userOf(start + index);
      const tokenSet = {
        accessToken: new Secret(`first-access-of-${userId}`),
        refreshToken: new Secret(`first-refresh-of-${userId}`),
        tokenType: 'Bearer',
        expiresAt: now + LIFETIME_SECONDS,
      };
      const row = { ...REST, ...clearPartOf(tokenSet, now), id: randomId(21), userId, subject: userId };
      const placed = { ...row, connectorId, target: connectorId, firstStoredAt: now };
      const renewAt = schedule.renewAtOf(placed);
      return { ...placed, renewAt, sealed: await sealer.seal(tokenSet, placed) };
    });
    await stage.dataSource.manager.insert(StoredSecret, await Promise.all(rows));
  }
}

const REST = {
  version: 1,
  attemptedAt: 0,
  lastUsedAt: null,
  renewAt: null,
  announcedStatus: 'active',
  statusDueAt: null,
} as const;
