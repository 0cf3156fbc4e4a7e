import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import type { TokenSet } from '../connectors/token-set.js';
import { Chronicle } from './chronicle.js';
import { isExpired } from './freshness.js';
import type { Work } from './provider-task.js';
import { Reauthorization } from './reauthorization.js';
import { RefreshFailures } from './refresh-failures.js';
import { NO_ATTEMPT } from './refresh-lease.js';
import { RefreshSignals } from './refresh-signals.js';
import { SecretStore } from './secret.store.js';
import type { ReauthorizationReason, StoredSecret } from './stored-secret.entity.js';

/** What becomes of a token set whose refresh has failed, or cannot be made. */
@Injectable()
export class Refusals {
  private readonly logger = new Logger(Refusals.name);

  constructor(
    private readonly secrets: SecretStore,
    private readonly signals: RefreshSignals,
    private readonly failures: RefreshFailures,
    private readonly chronicle: Chronicle,
    private readonly reauthorization: Reauthorization,
    private readonly clock: Clock,
  ) {}

  /**
   * A token set that is good all the same, or nothing where another one has written the row meanwhile: whoever comes late
   * adopts that before judging anything. Rejects with what the caller is to be told otherwise.
   */
  async settle(work: Work, error: unknown): Promise<TokenSet | undefined> {
    const { attempt, held, need } = work;
    const { secret } = attempt;
    const newer = await this.secrets.findById(secret.id);
    if (newer?.version !== secret.version || newer.attemptId !== attempt.id) return undefined;
    if (newer.state !== 'active') return undefined;
    if (error instanceof LatchkeyError && error.code === 'connector.grant_invalid') {
      return this.giveUp(newer, this.reasonOf(work));
    }
    const retryAfterSeconds = await this.failures.note(attempt, error);
    this.signals.send(secret.id);
    if (!need.isDue && !isExpired(secret, this.clock.now())) return held;
    if (!(error instanceof LatchkeyError)) throw error;
    throw new LatchkeyError(error.code, error.message, { cause: error, retryAfterSeconds });
  }

  /** Rejects with `reauthorization_required`; nothing where the row has changed since: whoever has changed it knew more. */
  async giveUp(secret: StoredSecret, stateReason: ReauthorizationReason): Promise<undefined> {
    const over = { state: 'reauthorization_required', stateReason, renewAt: null, ...NO_ATTEMPT } as const;
    const isWritten = await this.chronicle.change(secret, over, (...write) =>
      this.secrets.note(secret, ...write),
    );
    this.signals.send(secret.id);
    if (!isWritten) return undefined;
    this.chronicle.refused(secret, stateReason);
    this.logger.warn(`Secret ${secret.id} (${secret.connectorId}) needs its person again: ${stateReason}`);
    throw this.reauthorization.required({ ...secret, stateReason });
  }

  /** Why a provider has refused: what was sent may have been spent, or was an access token that had run out. */
  private reasonOf({ attempt: { secret }, held, isRepeatable }: Work): ReauthorizationReason {
    if (!isRepeatable && secret.unanswered > 0) return 'rotation_response_lost';
    const hasRunOut = !held.refreshToken && isExpired(secret, this.clock.now());
    return hasRunOut ? 'no_refresh_token' : 'grant_invalid';
  }
}
