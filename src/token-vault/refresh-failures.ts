import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { isLatchkeyError } from '../common/errors.js';
import { retryDelaySeconds } from './back-off.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** Remembers in the row that a refresh failed and when the next may be tried, for this instance and all others. */
@Injectable()
export class RefreshFailures {
  private readonly logger = new Logger(RefreshFailures.name);

  constructor(
    private readonly secrets: SecretStore,
    private readonly clock: Clock,
  ) {}

  /** Seconds until the next try: the provider's wish, or longer after each failure. */
  async note(secret: StoredSecret, error: unknown): Promise<number> {
    const wish = isLatchkeyError(error) ? error.retryAfterSeconds : undefined;
    const delaySeconds = wish ?? retryDelaySeconds(secret.failures);
    const code = isLatchkeyError(error) ? error.code : 'an unexpected error';
    this.logger.warn(
      `Refresh of secret ${secret.id} (${secret.connectorId}) failed: ${code}; next try in ${delaySeconds} s`,
    );
    await this.noteQuietly(secret, delaySeconds);
    return delaySeconds;
  }

  /** A database that is away must not hide what the caller has to say. */
  async noteQuietly(secret: StoredSecret, delaySeconds = retryDelaySeconds(secret.failures)): Promise<void> {
    const changes = { failures: secret.failures + 1, retryAt: this.clock.now() + delaySeconds };
    await this.secrets.note(secret, changes).catch((error: unknown) => {
      this.logger.error(`Secret ${secret.id}: a failure could not be written down: ${String(error)}`);
    });
  }
}
