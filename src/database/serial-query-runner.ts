import { QueryFailedError, type DataSource, type QueryRunner } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { setTimeout as pause } from 'node:timers/promises';
import { systemTicks } from '../common/clock.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';

/**
 * Gives every caller a query runner of its own on SQLite's one connection, and lets a transaction have that
 * connection alone until it ends. TypeORM's runner is shared by all callers: concurrent requests would write into one
 * transaction and lose each other's work. Inside a transaction use its manager: another one waits for it, and after
 * ten seconds is told so. So long is waited for another process that has locked the database, too.
 */
export function serialise(
  dataSource: DataSource,
  longestWaitMilliseconds = LONGEST_WAIT_SECONDS * 1000,
): DataSource {
  const turns = new Turns();
  const driver = dataSource.driver as BetterSqlite3Driver;
  driver.createQueryRunner = (): QueryRunner => new SerialQueryRunner(driver, turns, longestWaitMilliseconds);
  return dataSource;
}

type Release = () => void;

/** As TypeORM writes it. */
const BEGIN = 'BEGIN TRANSACTION';
const TRANSACTION_CONTROL: ReadonlySet<string> = new Set([BEGIN, 'COMMIT', 'ROLLBACK']);

const WRITE = /^\s*(?:WITH\b.*\b)?(?:INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b/is;

/** The driver module itself waits no longer than a moment: it would keep the whole process waiting. */
const WAIT_A_MOMENT = 'PRAGMA busy_timeout = 5;';

const LONGEST_PAUSE_MILLISECONDS = 10;
const LONGEST_WAIT_SECONDS = 10;

interface Connection {
  exec(sql: string): void;
}

export const isLocked = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  String(error.code).startsWith('SQLITE_BUSY');

class SerialQueryRunner extends BetterSqlite3QueryRunner {
  private turn?: Release;
  private onlyReads = false;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly turns: Turns,
    private readonly longestWaitMilliseconds: number,
  ) {
    super(driver);
  }

  override async query(
    ...parameters: Parameters<BetterSqlite3QueryRunner['query']>
  ): ReturnType<BetterSqlite3QueryRunner['query']> {
    const [sql] = parameters;
    if (this.turn && TRANSACTION_CONTROL.has(sql)) return this.execute(sql);
    if (this.turn && this.onlyReads && WRITE.test(sql)) await this.lockLate();
    if (this.turn) return this.run(parameters);
    const release = await this.turns.take();
    try {
      return await (WRITE.test(sql) ? this.locked(() => this.run(parameters)) : this.run(parameters));
    } finally {
      release();
    }
  }

  /** The driver module takes a single null for options. */
  private run([sql, values, ...rest]: Parameters<BetterSqlite3QueryRunner['query']>): Promise<unknown> {
    const isSingleNull = Array.isArray(values) && values.length === 1 && values[0] === null;
    return super.query(sql, isSingleNull ? [values] : values, ...rest);
  }

  /**
   * The driver module leaves a statement half-way that finds the database locked by another process, and what is written
   * after it is not committed, although nobody says so. So no statement of ours ever finds it locked: the lock is taken
   * beforehand, by a call that fails cleanly.
   */
  private async locked<Result>(write: () => Promise<Result>): Promise<Result> {
    await this.execute(BEGIN);
    try {
      const result = await write();
      await this.execute('COMMIT');
      return result;
    } catch (error) {
      await this.execute('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /**
   * For a transaction that had been taken for one that only reads: a write that changes nothing. It fails where another
   * process writes, or has written since the first read; the transaction is to be run again then.
   */
  private async lockLate(): Promise<void> {
    const [{ user_version: version }] = (await super.query('PRAGMA user_version')) as [
      { user_version: number },
    ];
    await this.execute(`${WAIT_A_MOMENT} PRAGMA user_version = ${version}`);
    this.onlyReads = false;
  }

  /** The lock of another process is waited for without keeping this one from anything else. */
  private async execute(asked: string): Promise<void> {
    const connection = (await this.connect()) as Connection;
    const sql = asked === BEGIN && !this.onlyReads ? `${WAIT_A_MOMENT} BEGIN IMMEDIATE` : asked;
    const giveUpAt = systemTicks() + this.longestWaitMilliseconds;
    for (;;) {
      try {
        connection.exec(sql);
        return;
      } catch (error) {
        const isWorthWaiting = asked === BEGIN && isLocked(error) && systemTicks() < giveUpAt;
        if (!isWorthWaiting) throw new QueryFailedError(sql, [], error as Error);
      }
      await pause(1 + Math.random() * LONGEST_PAUSE_MILLISECONDS);
    }
  }

  /** One that asks for an isolation level is taken for one that only reads: it sees one state, and locks nobody out. */
  override async startTransaction(
    ...parameters: Parameters<BetterSqlite3QueryRunner['startTransaction']>
  ): Promise<void> {
    this.turn ??= await this.turns.take();
    if (!this.isTransactionActive) this.onlyReads = parameters[0] !== undefined;
    try {
      await super.startTransaction(...parameters);
    } catch (error) {
      this.giveBack();
      throw error;
    }
  }

  override async commitTransaction(): Promise<void> {
    await super.commitTransaction();
    if (!this.isTransactionActive) this.giveBack();
  }

  /**
   * On errors such as a full disk SQLite has rolled back by itself, and the ROLLBACK that follows fails. The
   * transaction is over all the same: what is thrown is left to the caller, and the turn goes to the next one.
   */
  override async rollbackTransaction(): Promise<void> {
    const outermost = this.transactionDepth <= 1;
    try {
      await super.rollbackTransaction();
    } catch (error) {
      if (!outermost) throw error;
      this.isTransactionActive = false;
      this.transactionDepth = 0;
    } finally {
      if (!this.isTransactionActive) this.giveBack();
    }
  }

  override async release(): Promise<void> {
    if (this.turn && this.isTransactionActive) await this.rollbackTransaction();
    return super.release();
  }

  private giveBack(): void {
    this.turn?.();
    this.turn = undefined;
    this.onlyReads = false;
  }
}

/** A queue: whoever takes a turn holds it until it is released. */
class Turns {
  private last: Promise<void> = Promise.resolve();

  async take(): Promise<Release> {
    const previous = this.last;
    let release: Release = () => {};
    this.last = new Promise((resolve) => (release = resolve));
    await withinLimit(previous).catch((error: unknown) => {
      void previous.then(release);
      throw error;
    });
    return release;
  }
}

async function withinLimit(turn: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(TOO_LONG)), LONGEST_WAIT_SECONDS * 1000);
  });
  await Promise.race([turn, limit]).finally(() => clearTimeout(timer));
}

const TOO_LONG = `waited ${LONGEST_WAIT_SECONDS} s for another transaction; inside a transaction, use its own manager`;
