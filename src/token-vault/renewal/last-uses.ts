import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { StoredSecret } from '../stored-secret.entity.js';
import { RenewalSchedule } from './renewal-schedule.js';
import { RenewalStore } from './renewal.store.js';

/** So exactly it is known when a token set was used. */
const GRAIN_SECONDS = 60 * 60;
const PAUSE_MILLISECONDS = 5000;
const BATCH = 500;
/** What does not fit is noted at the next read. */
const LARGEST_BUFFER = 10_000;

/**
 * Remembers in the row when a token set was last handed out: once an hour, many rows at a time, and nobody who reads waits
 * for it. One that was left alone because nobody used it is renewed in the background again.
 */
@Injectable()
export class LastUses implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LastUses.name);
  /** When each is to be renewed again, where it was not any more. */
  private readonly unwritten = new Map<string, number | null>();
  private timer?: NodeJS.Timeout;
  private ending = false;

  constructor(
    private readonly store: RenewalStore,
    private readonly schedule: RenewalSchedule,
    private readonly clock: Clock,
  ) {}

  note(secret: StoredSecret): void {
    const { id, lastUsedAt, renewAt } = secret;
    const isKnown = lastUsedAt !== null && this.clock.now() - lastUsedAt < GRAIN_SECONDS;
    if (isKnown || this.unwritten.has(id) || this.unwritten.size >= LARGEST_BUFFER) return;
    this.unwritten.set(id, renewAt === null ? this.schedule.renewAtOf(secret) : null);
    this.arm();
  }

  /** Writes what was noted. Rejects where the database is away; nothing is forgotten then. */
  async flush(): Promise<void> {
    const noted = [...this.unwritten];
    const now = this.clock.now();
    for (let start = 0; start < noted.length; start += BATCH)
      await this.write(noted.slice(start, start + BATCH), now);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    clearTimeout(this.timer);
    await this.flush().catch((error: unknown) => this.complain(error));
  }

  private async turn(): Promise<void> {
    await this.flush().catch((error: unknown) => this.complain(error));
    this.timer = undefined;
    if (this.unwritten.size > 0) this.arm();
  }

  private arm(): void {
    if (!this.ending) this.timer ??= setTimeout(() => void this.turn(), PAUSE_MILLISECONDS).unref();
  }

  private async write(batch: readonly (readonly [string, number | null])[], now: number): Promise<void> {
    const ids = batch.map(([id]) => id);
    await this.store.markUsed(ids, now, now - GRAIN_SECONDS);
    for (const [id, renewAt] of batch) if (renewAt !== null) await this.store.schedule(id, renewAt);
    for (const id of ids) this.unwritten.delete(id);
  }

  private complain(error: unknown): void {
    this.logger.warn(`When token sets were last used could not be written down yet: ${String(error)}`);
  }
}
