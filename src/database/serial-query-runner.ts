import type { DataSource, QueryRunner } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';

/**
 * Gives every caller a query runner of its own on SQLite's one connection, and lets a transaction have that
 * connection alone until it ends. TypeORM's runner is shared by all callers: concurrent requests would write into one
 * transaction and lose each other's work. Inside a transaction use its manager: another one waits for it, and after
 * ten seconds is told so.
 */
export function serialise(dataSource: DataSource): DataSource {
  const turns = new Turns();
  const driver = dataSource.driver as BetterSqlite3Driver;
  driver.createQueryRunner = (): QueryRunner => new SerialQueryRunner(driver, turns);
  return dataSource;
}

type Release = () => void;

const LONGEST_WAIT_SECONDS = 10;

class SerialQueryRunner extends BetterSqlite3QueryRunner {
  private turn?: Release;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly turns: Turns,
  ) {
    super(driver);
  }

  override async query(
    ...parameters: Parameters<BetterSqlite3QueryRunner['query']>
  ): ReturnType<BetterSqlite3QueryRunner['query']> {
    if (this.turn) return super.query(...parameters);
    const release = await this.turns.take();
    try {
      return await super.query(...parameters);
    } finally {
      release();
    }
  }

  override async startTransaction(
    ...parameters: Parameters<BetterSqlite3QueryRunner['startTransaction']>
  ): Promise<void> {
    this.turn ??= await this.turns.take();
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
