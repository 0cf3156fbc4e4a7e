import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, type ErrorCode } from '../common/errors.js';
import { digest } from '../common/random.js';
import type { Secret } from '../common/secret.js';
import type { TokenSet } from '../connectors/token-set.js';
import { Chronicle } from './chronicle.js';
import { LateAnswers } from './late-answers.js';
import { RenewalSchedule } from './renewal/renewal-schedule.js';
import { RefreshLease, type Attempt } from './refresh-lease.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from './token-set.sealer.js';

const FIRST_PAUSE_MILLISECONDS = 20;
/** Shorter than whoever takes over the attempt waits, see {@link RefreshTimes}. */
const LONGEST_PAUSE_MILLISECONDS = 500;
const SHUTDOWN_MILLISECONDS = 10_000;

/** `superseded`: the row is gone, revoked, or holds something newer. `unwritten`: the database is away. */
export type Fate = 'kept' | 'superseded' | 'unwritten';

/**
 * Writes down what a provider has granted. An answer cannot be asked for again, so one that the database does not take
 * is held in memory and offered to it until it does; meanwhile this process hands it out from here, and keeps the lease,
 * so that nobody sends the former refresh token.
 */
@Injectable()
export class ProviderAnswers {
  private readonly logger = new Logger(ProviderAnswers.name);
  private readonly unwritten = new Map<string, Unwritten>();
  private ending = false;

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly lease: RefreshLease,
    private readonly chronicle: Chronicle,
    private readonly schedule: RenewalSchedule,
    private readonly late: LateAnswers,
    private readonly clock: Clock,
  ) {}

  /** The newest token set of a row, where the row itself does not hold it yet and it works as far as is known. */
  peek({ id, version, state }: StoredSecret, refused?: string): TokenSet | undefined {
    const held = this.unwritten.get(id);
    if (!held || held.secret.version !== version || state !== 'active') return undefined;
    const { accessToken, expiresAt = Infinity } = held.tokenSet;
    const isOver = expiresAt <= this.clock.now() || refused === digest(accessToken.reveal());
    return isOver ? undefined : held.tokenSet;
  }

  /** `spent` is the refresh token that was sent. Rejects with `vault.*` where no waiting mends it. */
  async keep(attempt: Attempt, tokenSet: TokenSet, spent?: Secret): Promise<Fate> {
    const { secret } = attempt;
    const answer = { secret, tokenSet, spent, obtainedAt: this.clock.now() };
    try {
      return await this.write(answer);
    } catch (error) {
      if (isBeyondHelp(error)) throw error;
      this.report(secret, error);
      const written = this.lease.during(attempt, () => this.writeInTheEnd(answer));
      this.unwritten.set(secret.id, { ...answer, written });
      return 'unwritten';
    }
  }

  /** Resolves once nothing is held any more, or after ten seconds: then it is given up. */
  async settled(): Promise<void> {
    const all = Promise.all([...this.unwritten.values()].map(({ written }) => written));
    const limit = pause(SHUTDOWN_MILLISECONDS, undefined, { ref: false }).then(() => (this.ending = true));
    await Promise.race([all, limit]);
  }

  private async writeInTheEnd(answer: Answer): Promise<void> {
    const { id } = answer.secret;
    for (let milliseconds = FIRST_PAUSE_MILLISECONDS; !this.ending; milliseconds *= 2) {
      await pause(Math.min(milliseconds, LONGEST_PAUSE_MILLISECONDS), undefined, { ref: false });
      try {
        await this.write(answer);
      } catch (error) {
        this.report(answer.secret, error);
        if (!isBeyondHelp(error)) continue;
      }
      if (this.unwritten.get(id)?.tokenSet === answer.tokenSet) this.unwritten.delete(id);
      return;
    }
  }

  /** One update: the token set, its times and the end of the attempt are written together or not at all. */
  private async write({ secret, tokenSet, spent, obtainedAt }: Answer): Promise<Fate> {
    const clear = clearPartOf(tokenSet, obtainedAt);
    const next = { ...secret, ...clear, version: secret.version + 1 };
    const sealed = await this.sealer.seal(tokenSet, next);
    const changes = { sealed, ...clear, renewAt: this.schedule.renewAtOf(next) };
    const isKept = await this.chronicle.change(secret, changes, (...write) =>
      this.secrets.complete(secret, ...write),
    );
    if (isKept) return 'kept';
    await this.late.settle(secret, tokenSet, spent);
    return 'superseded';
  }

  private report({ id }: StoredSecret, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.logger.error(`Secret ${id}: the provider's answer could not be stored, and is held`, stack);
  }
}

/** What fails in the same manner each time. */
const BEYOND_HELP: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'vault.token_too_large',
  'vault.integrity_error',
]);

const isBeyondHelp = (error: unknown): boolean => isLatchkeyError(error) && BEYOND_HELP.has(error.code);

interface Answer {
  /** The row that it is to replace. */
  readonly secret: StoredSecret;
  readonly tokenSet: TokenSet;
  /** The refresh token that was sent for it. */
  readonly spent?: Secret;
  readonly obtainedAt: number;
}

interface Unwritten extends Answer {
  readonly written: Promise<void>;
}
