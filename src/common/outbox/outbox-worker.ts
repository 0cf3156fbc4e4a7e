import { Logger } from '@nestjs/common';
import { isLatchkeyError } from '../errors.js';
import type { Outbox } from './outbox.js';
import type { OutboxRow } from './outbox-row.js';

export interface OutboxWorkerOptions<Row extends OutboxRow> {
  /** For the log. */
  readonly name: string;
  readonly outbox: Outbox<Row>;
  /** One attempt. It may be made again although it succeeded: the process can die before that is written down. */
  readonly attempt: (row: Row) => Promise<void>;
  readonly parallel: number;
  readonly intervalMilliseconds: number;
}

/** Does what stands in an outbox, as long as the application runs. Every instance has one; they share the work. */
export class OutboxWorker<Row extends OutboxRow> {
  private readonly logger: Logger;
  private timer?: NodeJS.Timeout;
  private sweeping = Promise.resolve();
  /** A sweep that has not begun yet. */
  private next?: Promise<void>;
  private stopped = false;

  constructor(private readonly options: OutboxWorkerOptions<Row>) {
    this.logger = new Logger(options.name);
  }

  start(): void {
    this.schedule(this.options.intervalMilliseconds);
  }

  /** Looks now, and not only at the next turn: there is something to do. */
  wake(): void {
    if (this.timer) this.schedule(0);
  }

  /** Takes nothing on any more; resolves once what was begun has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping.catch(() => undefined);
  }

  /** One attempt at everything that is due now, after a sweep that is under way: that one may have looked already. */
  sweep(): Promise<void> {
    if (this.next) return this.next;
    const begin = (): Promise<void> => {
      this.next = undefined;
      return this.run();
    };
    return (this.next = this.sweeping = this.sweeping.catch(() => undefined).then(begin));
  }

  private schedule(milliseconds: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.turn(), milliseconds).unref();
  }

  private async turn(): Promise<void> {
    await this.sweep().catch((error: unknown) => {
      this.logger.warn(`The database did not answer: ${String(error)}`);
    });
    this.schedule(this.options.intervalMilliseconds);
  }

  private async run(): Promise<void> {
    const { outbox, parallel } = this.options;
    for (;;) {
      const rows = this.stopped ? [] : await outbox.take(parallel);
      await Promise.all(rows.map((row) => this.attempt(row)));
      if (rows.length < parallel) return;
    }
  }

  private async attempt(row: Row): Promise<void> {
    const { outbox, attempt } = this.options;
    try {
      await attempt(row);
    } catch (error) {
      const problem = isLatchkeyError(error) ? error.code : String(error);
      this.logger.warn(`${row.id}: attempt ${row.attempts} failed: ${problem}`);
      return outbox.failed(row, error);
    }
    await outbox.done(row);
  }
}
