import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { randomId } from '../../common/random.js';
import type { Secret } from '../../common/secret.js';
import { SingleFlight } from '../../common/single-flight.js';
import { nameOf, rowOf, type ApplicationTokenKey } from './application-token.key.js';
import {
  ApplicationTokenStore,
  digestOf,
  type ApplicationTokenRow,
  type HeldToken,
} from './application-token.store.js';
import { failureOf, renewalOf, usefulnessOf, whileLeftAlone } from './judgement.js';

const POLL_MILLISECONDS = 25;
/** Longer than a lease: a holder who has died is waited for. */
const PATIENCE_MILLISECONDS = 15_000;

export interface FetchedToken {
  readonly token: Secret;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export type FetchToken = () => Promise<FetchedToken>;

/**
 * Tokens of applications, where a provider has such beside those of people. However many requests and instances of the
 * backend ask, the provider is asked once: the token is kept sealed in the database and fetched under a lease there.
 * A failure of `fetch` is the caller's, and for a short while everybody's; a token that is still good is handed out
 * instead.
 */
@Injectable()
export class ApplicationTokens {
  private readonly logger = new Logger(ApplicationTokens.name);
  private readonly remembered = new Map<string, Remembered>();
  private readonly flights = new SingleFlight<Secret>();

  constructor(
    private readonly store: ApplicationTokenStore,
    private readonly clock: Clock,
  ) {}

  /** A token that is good for a while: from memory, from the database, or from the provider. */
  async get(key: ApplicationTokenKey, fetch: FetchToken): Promise<Secret> {
    const id = rowOf(key);
    return this.peek(id) ?? this.flights.run(nameOf(id), () => this.obtain({ id, fetch }));
  }

  /**
   * A token in place of one that the provider no longer takes. For the same refused token the provider is asked once,
   * whoever notices; where it grants the very same one again, not before a minute has passed.
   */
  async renew(key: ApplicationTokenKey, refusedToken: Secret, fetch: FetchToken): Promise<Secret> {
    const id = rowOf(key);
    const refused = digestOf(refusedToken);
    return this.flights.run(`${nameOf(id)} ${refused}`, () => this.obtain({ id, fetch, refused }));
  }

  private peek({ connectorId, credentials }: ApplicationTokenRow): Secret | undefined {
    const known = this.remembered.get(connectorId);
    return known?.credentials === credentials && known.until > this.clock.now() ? known.token : undefined;
  }

  private async obtain(wanted: Wanted): Promise<Secret> {
    const owner = randomId(21);
    const giveUpAt = this.clock.ticks() + PATIENCE_MILLISECONDS;
    for (;;) {
      const held = await this.store.read(wanted.id);
      const token = await this.settle(wanted, held, owner);
      if (token) return token;
      if (this.clock.ticks() > giveUpAt)
        throw new LatchkeyError('connector.provider_timeout', 'Others have been asking for too long.');
      await pause(POLL_MILLISECONDS * (0.5 + Math.random()));
    }
  }

  /** A token, or nothing where somebody else is fetching one. */
  private async settle(wanted: Wanted, held: HeldToken, owner: string): Promise<Secret | undefined> {
    const now = this.clock.now();
    const { row, token } = held;
    const usefulness = usefulnessOf(held, wanted.refused, now);
    if (token && usefulness === 'fresh') return this.remember(row, token, row.renewAt);
    const stillGood = usefulness === 'due' ? token : undefined;
    if (row.retryAt > now && !stillGood) throw whileLeftAlone(row, now);
    if (row.retryAt > now) return stillGood;
    if (await this.store.claim(held, owner)) return this.ask(wanted, held, { owner, stillGood });
    return stillGood;
  }

  /** Nothing where the lease has passed to somebody else meanwhile: theirs is newer. */
  private async ask(
    wanted: Wanted,
    held: HeldToken,
    { owner, stillGood }: Turn,
  ): Promise<Secret | undefined> {
    try {
      const { token, expiresAt } = await wanted.fetch();
      const refused = wanted.refused ?? held.row.refused;
      const isRefused = digestOf(token) === refused;
      const renewAt = renewalOf({ expiresAt, isRefused }, this.clock.now());
      if (!(await this.store.keep(held, owner, { token, expiresAt, renewAt, refused }))) return undefined;
      return this.remember(held.row, token, renewAt);
    } catch (error) {
      await this.note(held, owner, error);
      if (stillGood) return stillGood;
      throw error;
    }
  }

  private async note(held: HeldToken, owner: string, error: unknown): Promise<void> {
    const { connectorId, failures } = held.row;
    const failure = failureOf(error, failures, this.clock.now());
    this.logger.warn(`Connector ${connectorId} gets no application token: ${failure.failureCode}`);
    try {
      await this.store.fail(held, owner, failure);
    } catch (cause) {
      this.logger.warn(`The lease of connector ${connectorId} runs out by itself: ${String(cause)}`);
    }
  }

  private remember({ connectorId, credentials }: ApplicationTokenRow, token: Secret, until: number): Secret {
    this.remembered.set(connectorId, { credentials, token, until });
    return token;
  }
}

interface Wanted {
  readonly id: ApplicationTokenRow;
  readonly fetch: FetchToken;
  /** Digest of a token that will not do. */
  readonly refused?: string;
}

interface Turn {
  readonly owner: string;
  readonly stillGood: Secret | undefined;
}

/** The token of the credentials that a connector instance has now. */
interface Remembered {
  readonly credentials: string;
  readonly token: Secret;
  readonly until: number;
}
