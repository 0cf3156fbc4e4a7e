import type { DataSource } from 'typeorm';

/** Any number that no other application takes on the same database. */
const ADVISORY_LOCK = 7_062_846_921;

/** Runs what is pending, once, however many instances start together. */
export async function migrate(dataSource: DataSource): Promise<void> {
  if (dataSource.options.type !== 'postgres') {
    await dataSource.runMigrations();
    return;
  }
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await dataSource.runMigrations();
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    await runner.release();
  }
}
