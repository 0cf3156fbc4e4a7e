import type { Client, Pool } from 'pg';
import { QueryFailedError, type DataSource, type ReplicationMode } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';

/**
 * Closes a connection to PostgreSQL on which an answer has not come in time, and those that idle beside it: they have gone
 * silent together, most likely, and whoever asks next gets a new one. TypeORM would hand it on with its transaction open,
 * and whatever is asked on it would wait for the former answer. The data source is connected.
 */
export function dropUnanswered(dataSource: DataSource): DataSource {
  const driver = dataSource.driver as PostgresDriver;
  const pool = driver.master as Pool;
  driver.createQueryRunner = (mode) => new AnsweredQueryRunner(driver, mode, pool);
  pool.on('release', (error: unknown) => void (isUnanswered(error) && dropIdle(pool)));
  return dataSource;
}

class AnsweredQueryRunner extends PostgresQueryRunner {
  constructor(
    driver: PostgresDriver,
    mode: ReplicationMode,
    private readonly pool: Pool,
  ) {
    super(driver, mode);
  }

  override async query(
    ...parameters: Parameters<PostgresQueryRunner['query']>
  ): ReturnType<PostgresQueryRunner['query']> {
    try {
      return await super.query(...parameters);
    } catch (error) {
      if (error instanceof QueryFailedError && isUnanswered(error.driverError)) await this.close();
      throw error;
    }
  }

  /** The pool does not take back what is closed. */
  private async close(): Promise<void> {
    const client = (await this.connect()) as Client;
    void client.end();
    await dropIdle(this.pool);
  }
}

/** What the server itself answers has a severity. Any other error is the driver module's own. */
const isUnanswered = (error: unknown): boolean => error instanceof Error && !('severity' in error);

/** All are taken before anybody else gets one. One that is asked something does not wait for the server's goodbye. */
async function dropIdle(pool: Pool): Promise<void> {
  const idle = Array.from({ length: pool.idleCount }, () => pool.connect());
  for (const taken of await Promise.allSettled(idle)) {
    if (taken.status === 'rejected') continue;
    taken.value.query('SELECT 1').catch(() => undefined);
    taken.value.release(true);
  }
}
