import { Injectable, Logger } from '@nestjs/common';
import { retryDelaySeconds } from '../common/back-off.js';
import { Clock } from '../common/clock.js';
import { isLatchkeyError } from '../common/errors.js';
import { Chronicle } from './chronicle.js';
import { NO_ATTEMPT, rowOf, type Attempt } from './refresh-lease.js';
import { SecretStore } from './secret.store.js';

/** Remembers in the row that a refresh failed and when the next may be tried, for this instance and all others. */
@Injectable()
export class RefreshFailures {
  private readonly logger = new Logger(RefreshFailures.name);

  constructor(
    private readonly secrets: SecretStore,
    private readonly chronicle: Chronicle,
    private readonly clock: Clock,
  ) {}

  /** Ends the attempt. Seconds until the next one: the provider's wish, or longer after each failure. */
  async note(attempt: Attempt, error: unknown): Promise<number> {
    const { secret } = attempt;
    const wish = isLatchkeyError(error) ? error.retryAfterSeconds : undefined;
    const delaySeconds = wish ?? retryDelaySeconds(secret.failures);
    const code = isLatchkeyError(error) ? error.code : 'unexpected_error';
    this.chronicle.refused(secret, code);
    this.logger.warn(
      `Refresh of secret ${secret.id} (${secret.connectorId}) failed: ${code}; next try in ${delaySeconds} s`,
    );
    const retryAt = this.clock.now() + delaySeconds;
    const changes = {
      ...NO_ATTEMPT,
      unanswered: Math.max(secret.unanswered > 0 ? 1 : 0, mayHaveBeenGranted(error) ? 1 : 0),
      failures: secret.failures + 1,
      retryAt,
      renewAt: secret.renewAt === null ? null : Math.max(secret.renewAt, retryAt),
    };
    // A database that is away must not hide what the caller has to say; the lease ends by itself.
    const written = this.chronicle.change(secret, changes, (...write) =>
      this.secrets.note(rowOf(attempt), ...write),
    );
    await written.catch((cause: unknown) => {
      this.logger.error(`Secret ${secret.id}: a failure could not be written down: ${String(cause)}`);
    });
    return delaySeconds;
  }
}

/** Whether the provider may have changed the refresh token all the same: no answer came, or none that can be read. */
function mayHaveBeenGranted(error: unknown): boolean {
  if (!isLatchkeyError(error)) return true;
  if (error.code === 'connector.provider_unavailable') return error.upstream?.status === undefined;
  return error.code === 'connector.provider_timeout' || error.code === 'connector.invalid_response';
}
