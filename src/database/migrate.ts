import { MigrationExecutor, type DataSource } from 'typeorm';

/** Any number that no other application takes on the same database. */
const ADVISORY_LOCK = 7_062_846_921;

/**
 * Runs what is pending, once, however many instances start together: each looks for what is pending when it alone may,
 * and so finds what the one before it has done.
 */
export function migrate(dataSource: DataSource): Promise<void> {
  return dataSource.options.type === 'postgres' ? underLock(dataSource) : inOneTransaction(dataSource);
}

async function underLock(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await dataSource.runMigrations();
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    await runner.release();
  }
}

/** SQLite has no other lock than that of a transaction. TypeORM's own begins after it has looked for what is pending. */
async function inOneTransaction(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'none';
  try {
    await runner.beforeMigration();
    await runner.startTransaction();
    await executor.executePendingMigrations();
    await runner.commitTransaction();
    await runner.afterMigration();
  } finally {
    await runner.release();
  }
}
