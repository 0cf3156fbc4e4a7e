import { Logger } from '@nestjs/common';
import { setImmediate as turn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import { ApplicationToken } from '../../src/connectors/application-tokens/application-token.entity.js';
import { ApplicationTokenStore } from '../../src/connectors/application-tokens/application-token.store.js';
import {
  ApplicationTokens,
  type FetchToken,
} from '../../src/connectors/application-tokens/application-tokens.js';
import { openDataSource } from '../../src/database/data-source.js';
import { Keyring } from '../../src/sealing/keyring.js';
import { Sealer } from '../../src/sealing/sealer.js';
import { PATIENCE_MILLISECONDS, TEST_VAULT_KEYS } from '../support/backend.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';
import { StandingClock } from '../support/standing-clock.js';

/** Processes of the backend on one database, each with a memory of its own. */
export class TokenStage {
  readonly clock = new StandingClock();
  private claimsInVain = 0;

  private constructor(
    readonly database: TemporaryDatabase,
    private readonly dataSources: readonly DataSource[],
  ) {}

  static async open(kind: DatabaseKind, processes = 1): Promise<TokenStage> {
    Logger.overrideLogger(false);
    const database = await temporaryDatabase(kind);
    const dataSources: DataSource[] = [];
    for (let number = 0; number < processes; number += 1)
      dataSources.push(await openDataSource(database.url, PATIENCE_MILLISECONDS));
    return new TokenStage(database, dataSources);
  }

  /** A process that has just been started. */
  process(number = 0, keys = TEST_VAULT_KEYS, clock: Clock = this.clock): ApplicationTokens {
    const sealer = new Sealer(Keyring.parse(keys));
    const store = new WatchedStore(this.dataSources[number], sealer, clock);
    store.onClaimInVain = () => (this.claimsInVain += 1);
    return new ApplicationTokens(store, clock);
  }

  /** Resolves when somebody has tried to get a lease in vain, and once more. */
  async somebodyWaits(): Promise<void> {
    const enough = this.claimsInVain + 2;
    while (this.claimsInVain < enough) await turn();
  }

  rows(): Promise<ApplicationToken[]> {
    return this.dataSources[0].getRepository(ApplicationToken).find();
  }

  async change(changes: Partial<ApplicationToken>): Promise<void> {
    await this.dataSources[0].getRepository(ApplicationToken).updateAll(changes);
  }

  /** It ends when the test says so, however long the test takes. */
  leaseLasts(): Promise<void> {
    return this.change({ leaseUntil: Date.now() + 3_600_000 });
  }

  /** As when its holder has been silent for too long. */
  leaseEnds(): Promise<void> {
    return this.change({ leaseUntil: Date.now() });
  }

  async clear(): Promise<void> {
    await this.dataSources[0].getRepository(ApplicationToken).clear();
  }

  async close(): Promise<void> {
    await Promise.all(this.dataSources.map((dataSource) => dataSource.destroy()));
    await this.database.drop();
  }
}

class WatchedStore extends ApplicationTokenStore {
  onClaimInVain?: () => void;

  override async claim(...parameters: Parameters<ApplicationTokenStore['claim']>): Promise<boolean> {
    const claimed = await super.claim(...parameters);
    if (!claimed) this.onClaimInVain?.();
    return claimed;
  }
}

/** Grants a token that no other grant is like, and counts. */
export class Grants {
  asked = 0;

  constructor(
    private readonly clock: Clock,
    private readonly lifetimeSeconds = 7200,
  ) {}

  readonly fetch: FetchToken = () => {
    this.asked += 1;
    const token = new Secret(`the-application-token-number-${this.asked}`);
    return Promise.resolve({ token, expiresAt: this.clock.now() + this.lifetimeSeconds });
  };
}

/** A fetch that is on its way until the test ends it; `started` tells that it is. */
export interface Pending {
  readonly fetch: FetchToken;
  readonly started: Promise<void>;
  readonly answer: (fetch: FetchToken) => void;
}

export function pending(): Pending {
  let start = (): void => undefined;
  let answer: Pending['answer'] = () => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const answered = new Promise<FetchToken>((resolve) => (answer = resolve));
  const fetch: FetchToken = async () => {
    start();
    return (await answered)();
  };
  return { fetch, started, answer: (given) => answer(given) };
}

export const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));
