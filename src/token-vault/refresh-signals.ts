import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

const CHANNEL = 'latchkey_secrets';

/** Of the driver module. */
const DEFAULT_POOL_SIZE = 10;
const LEAST_POOL_SIZE = 3;

/** After listening has failed. */
const LISTEN_AGAIN_MILLISECONDS = 5000;

/** Looks at a row are so far apart at most, whether or not signals come. Without signals a look is cheap: a file's. */
const LOOK_MILLISECONDS = { signalled: 20, alone: 5 };

/**
 * Wakes those who wait for another instance's refresh as soon as it has ended: by PostgreSQL's LISTEN and NOTIFY on a
 * connection that is taken when first somebody waits. Where there is none, and whenever a signal is lost, they look again
 * after a short while.
 */
@Injectable()
export class RefreshSignals implements BeforeApplicationShutdown {
  private readonly logger = new Logger(RefreshSignals.name);
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly taken = new Set<PoolClient>();
  private listening?: Promise<void>;
  private pause?: NodeJS.Timeout;
  private isOver = false;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Resolves once the row may have changed. */
  async wait(secretId: string): Promise<void> {
    if (!this.isOver) this.listening ??= this.listen();
    const waiters = this.waiting.get(secretId) ?? new Set();
    this.waiting.set(secretId, waiters);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(wake, this.interval * (0.5 + Math.random() / 2));
      function wake(): void {
        clearTimeout(timer);
        waiters.delete(wake);
        resolve();
      }
      waiters.add(wake);
    });
    if (waiters.size === 0) this.waiting.delete(secretId);
  }

  /** The row has changed: here, and on all other instances. Nobody waits for it, and nobody fails by it. */
  send(secretId: string): void {
    this.wake(secretId);
    if (this.isPostgres)
      this.dataSource.query('SELECT pg_notify($1, $2)', [CHANNEL, secretId]).catch((error: unknown) => {
        this.logger.warn(`Others were not told of a refresh: ${String(error)}`);
      });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isOver = true;
    await this.listening;
    for (const client of this.taken) this.release(client);
  }

  /** One or two thousand looks a second at most, however many rows are waited for. */
  private get interval(): number {
    return Math.max(
      this.isPostgres ? LOOK_MILLISECONDS.signalled : LOOK_MILLISECONDS.alone,
      this.waiting.size,
    );
  }

  private wake(secretId: string): void {
    for (const resolve of [...(this.waiting.get(secretId) ?? [])]) resolve();
  }

  /** A small pool has no connection to spare. */
  private async listen(): Promise<void> {
    if (!this.isPostgres || (this.pool.options?.max ?? DEFAULT_POOL_SIZE) < LEAST_POOL_SIZE) return;
    try {
      const client = await this.pool.connect();
      this.taken.add(client);
      client.on('notification', ({ payload }) => payload && this.wake(payload));
      client.on('error', (error) => this.stopListening(error));
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.stopListening(error);
    }
  }

  /** Whoever waits a few seconds later tries again. */
  private stopListening(error: unknown): void {
    if (this.isOver) return;
    for (const client of this.taken) this.release(client);
    this.pause ??= setTimeout(() => {
      this.listening = this.pause = undefined;
    }, LISTEN_AGAIN_MILLISECONDS).unref();
    this.logger.warn(`Refreshes of other instances are looked for, not listened to: ${String(error)}`);
  }

  /** Once: the pool throws at a second time, and that would end the process. */
  private release(client: PoolClient): void {
    if (this.taken.delete(client)) client.release(true);
  }

  private get isPostgres(): boolean {
    return this.dataSource.options.type === 'postgres';
  }

  private get pool(): Pool {
    return (this.dataSource.driver as PostgresDriver).master as Pool;
  }
}

interface Pool {
  readonly options?: { readonly max?: number };
  connect(): Promise<PoolClient>;
}

type PoolClient = Pick<Client, 'on' | 'query'> & { release(destroy: boolean): void };
