import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { databaseMilliseconds } from '../common/database-time.js';
import { randomId } from '../common/random.js';
import { StoredSecret } from './stored-secret.entity.js';

export interface RefreshTimes {
  /** How long a holder that gives no sign of life is taken for alive. */
  readonly leaseMilliseconds: number;
  /** How long an attempt can be under way: the time limit of the HTTP client, and some more. */
  readonly attemptMilliseconds: number;
  /**
   * How long somebody who takes over an attempt waits before the provider is asked: while the database was away, the former
   * holder may have kept an answer in memory, and offers it to the database again by then.
   */
  readonly takeOverMilliseconds: number;
}

/** Injection token of the {@link RefreshTimes}. */
export const REFRESH_TIMES = Symbol('latchkey:refresh-times');

export const refreshTimes: RefreshTimes = {
  leaseMilliseconds: 7000,
  attemptMilliseconds: 7000,
  takeOverMilliseconds: 1500,
};

/** The right to ask the provider for one row, and the line in its journal that says so. */
export interface Attempt {
  readonly id: string;
  /** The row as it was when the attempt began. */
  readonly secret: StoredSecret;
  /** By {@link Clock.ticks}, before the database was asked. */
  readonly begunAt: number;
}

/** The row with the attempt in it, for whoever writes on behalf of the attempt. */
export const rowOf = ({ id, secret }: Attempt): StoredSecret => ({ ...secret, attemptId: id });

/**
 * Lets one instance at a time ask the provider, by a lease in the row: by the database's clock, so that the instances'
 * own need not agree. The same statement journals the attempt, so that a later reader knows that one was begun, although
 * the process that began it has died. The holder renews its lease for as long as it lives; an attempt is never begun
 * again before the former one must have been answered.
 */
@Injectable()
export class RefreshLease {
  private readonly logger = new Logger(RefreshLease.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(REFRESH_TIMES) private readonly times: RefreshTimes,
    private readonly clock: Clock,
  ) {}

  /** Nothing where somebody else holds the row, has changed it, or has made an attempt since it was read. */
  async claim(secret: StoredSecret): Promise<Attempt | undefined> {
    const { id, version, attemptId, unanswered, failures, validatedAt } = secret;
    const attempt = { id: randomId(21), secret, begunAt: this.clock.ticks() };
    const free = attemptId === null ? 'attempt_id IS NULL' : this.isAbandoned();
    const { affected } = await this.dataSource
      .createQueryBuilder()
      .update(StoredSecret)
      .set({
        attemptId: attempt.id,
        attemptedAt: () => this.now(),
        leaseUntil: () => `${this.now()} + :lease`,
        unanswered: () => 'unanswered + 1',
      })
      .where(`id = :id AND version = :version AND state = 'active' AND ${free}`)
      .andWhere('unanswered = :unanswered AND failures = :failures AND validated_at = :validatedAt')
      .setParameters({ id, version, attemptId, unanswered, failures, validatedAt })
      .setParameters({ lease: this.times.leaseMilliseconds, patience: this.times.attemptMilliseconds })
      .execute();
    return affected === 1 ? attempt : undefined;
  }

  /**
   * Whether the attempt still stands, after those have had their say who may know its outcome. Looked at also where the
   * database has acknowledged it so late that the lease may have passed, and others have taken over.
   */
  async outlastsOthers(attempt: Attempt): Promise<boolean> {
    const isPrompt = this.clock.ticks() - attempt.begunAt < this.times.leaseMilliseconds / 2;
    if (attempt.secret.attemptId === null && isPrompt) return true;
    if (attempt.secret.attemptId !== null) await pause(this.times.takeOverMilliseconds);
    return this.renew(attempt);
  }

  /** Renews the lease until the work has ended, however it ends. */
  async during<Result>(attempt: Attempt, work: () => Promise<Result>): Promise<Result> {
    if (this.times.leaseMilliseconds === 0) return work();
    const interval = Math.ceil(this.times.leaseMilliseconds / 3);
    const timer = setInterval(() => void this.extend(attempt), interval).unref();
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  private async extend(attempt: Attempt): Promise<void> {
    await this.renew(attempt).catch((error: unknown) => {
      this.logger.warn(`Secret ${attempt.secret.id}: its lease could not be renewed: ${String(error)}`);
    });
  }

  /** False where the row is gone, revoked or somebody else's. */
  private async renew({ id, secret }: Attempt): Promise<boolean> {
    const { affected } = await this.dataSource
      .createQueryBuilder()
      .update(StoredSecret)
      .set({ leaseUntil: () => `${this.now()} + :lease` })
      .where(`id = :secretId AND attempt_id = :id AND state = 'active'`)
      .setParameters({ id, secretId: secret.id, lease: this.times.leaseMilliseconds })
      .execute();
    return affected === 1;
  }

  private isAbandoned(): string {
    return `attempt_id = :attemptId AND lease_until <= ${this.now()} AND attempted_at + :patience <= ${this.now()}`;
  }

  private now(): string {
    return databaseMilliseconds(this.dataSource);
  }
}

/** What ends an attempt, whoever writes it. */
export const NO_ATTEMPT = { attemptId: null, leaseUntil: 0 } as const;
