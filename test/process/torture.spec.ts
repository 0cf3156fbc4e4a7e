import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { withSeed, type Random } from './random.js';
import { RotatingProvider } from './rotating-provider.js';
import { VaultProcess, type Reading } from './vault-processes.js';

/** 1000 by `npm run torture`. */
const KILLS = Number(process.env['KILLS'] ?? 100);
const LIFETIME_SECONDS = 3600;
const LONGEST_ANSWER_MILLISECONDS = 60;
const LONGEST_WAIT_MILLISECONDS = 100;
const owner = { userId: 'user', connectorId: 'rotating', target: 'rotating', subject: 'somebody' };

const providers = [
  { name: 'that forgives a spent refresh token', hasGrace: true },
  { name: 'that ends the grant when a spent refresh token comes', hasGrace: false },
];

const stages = databaseKinds.flatMap((kind) => providers.map((provider) => ({ kind, ...provider })));

describe.each(stages)('kill -9 during refreshes with $kind at a provider $name', ({ kind, hasGrace }) => {
  let database: TemporaryDatabase;
  let provider: RotatingProvider;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    provider = await new RotatingProvider(hasGrace).start();
  });

  afterEach(async () => {
    await provider.close();
    await database.drop();
  });

  it(
    `loses no grant without saying so, and never goes on trying: ${Math.ceil(KILLS / stages.length)} kills (RR-04, RR-16)`,
    () =>
      withSeed(async (random) => {
        const torture = new Torture(database, provider, random);
        await torture.run(Math.ceil(KILLS / stages.length));
        if (hasGrace) expect(torture.lost).toBe(0);
        if (KILLS > 100) console.log(`${kind}, grace ${hasGrace}: ${torture.summary()}`);
      }),
    20_000 + KILLS * 3000,
  );
});

/** One vault process after the other, each killed while it refreshes. */
class Torture {
  lost = 0;
  private renewed = 0;
  private repeated = 0;
  private elapsedSeconds = 0;
  private readonly commits: number[] = [];

  constructor(
    private readonly database: TemporaryDatabase,
    private readonly provider: RotatingProvider,
    private readonly random: Random,
  ) {}

  async run(kills: number): Promise<void> {
    let process = await this.start();
    await this.grant(process);
    for (let kill = 0; kill < kills; kill += 1) {
      await this.expire(process);
      await this.killWhileItRefreshes(process);
      process = await this.start();
      await this.expectTheTruth(process);
      await this.refreshInPeace(process);
    }
    await process.close();
  }

  summary(): string {
    const sorted = this.commits.toSorted((one, other) => one - other);
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
    return [
      `${this.lost} lost and said so, ${this.renewed} usable after the kill, ${this.repeated} by a second attempt`,
      `answer to commit p99 ${p99.toFixed(1)} ms over ${sorted.length}`,
    ].join('; ');
  }

  private start(): Promise<VaultProcess> {
    const { origin } = this.provider;
    return VaultProcess.start({
      databaseUrl: this.database.url,
      vaultKeys: TEST_VAULT_KEYS,
      instance: {
        id: 'rotating',
        connectorId: 'oauth2',
        target: 'rotating',
        enableTokenStorage: true,
        privateHosts: [new URL(origin).host],
        config: {
          clientId: 'latchkey',
          clientSecret: 'secret',
          authorizationEndpoint: `${origin}/authorize`,
          tokenEndpoint: `${origin}/token`,
          userInfoEndpoint: `${origin}/me`,
        },
      },
      times: { leaseMilliseconds: 200, attemptMilliseconds: 200, takeOverMilliseconds: 100 },
      elapsedSeconds: this.elapsedSeconds,
    });
  }

  private grant(process: VaultProcess): Promise<void> {
    return process.store({ owner, ...this.provider.grant(), expiresIn: LIFETIME_SECONDS });
  }

  private async expire(process: VaultProcess): Promise<void> {
    this.elapsedSeconds += LIFETIME_SECONDS;
    await process.advance(LIFETIME_SECONDS);
  }

  private async killWhileItRefreshes(process: VaultProcess): Promise<void> {
    this.provider.delayMilliseconds = this.random(LONGEST_ANSWER_MILLISECONDS);
    const reading = process.read('user', 'rotating').catch(() => []);
    await delay(this.random(LONGEST_WAIT_MILLISECONDS));
    await process.kill();
    await reading;
    this.provider.delayMilliseconds = 0;
  }

  /** Either the token works, or it is said that only the person can help; and saying it again costs the provider nothing. */
  private async expectTheTruth(process: VaultProcess): Promise<void> {
    const before = this.provider.requests;
    const [reading] = (await process.read('user', 'rotating')) as [Reading];
    this.repeated += this.provider.requests - before;
    expect(Math.max(...this.provider.seen.values())).toBeLessThanOrEqual(2);
    expect(this.provider.requests - before).toBeLessThanOrEqual(1);
    if (reading.token === undefined) await this.expectLoss(process, reading);
    else {
      expect({ reading, works: this.provider.takes(reading.token) }).toMatchObject({ works: true });
      this.renewed += 1;
    }
  }

  private async expectLoss(process: VaultProcess, reading: Reading): Promise<void> {
    expect(reading).toEqual({ code: 'reauthorization_required', reason: 'rotation_response_lost' });
    const { requests } = this.provider;
    expect(await process.read('user', 'rotating', 5)).toEqual(Array(5).fill(reading));
    expect(this.provider.requests).toBe(requests);
    this.lost += 1;
    await this.grant(process);
  }

  private async refreshInPeace(process: VaultProcess): Promise<void> {
    await this.expire(process);
    const [reading] = (await process.read('user', 'rotating')) as [Reading];
    expect({ reading, works: this.provider.takes(reading.token ?? '') }).toMatchObject({ works: true });
    this.commits.push(...(await process.commits()));
  }
}
