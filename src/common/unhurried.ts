import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';

const LONGEST_MILLISECONDS = 10 * 60 * 1000;

/**
 * Runs a statement that goes through very many rows, as part of the manager's transaction if it has one: PostgreSQL gets ten
 * minutes for it, where other statements get a few seconds. The server gives as much to
 * what follows in the transaction; the client does not.
 */
export async function unhurried<Row>(
  manager: EntityManager,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  if (manager.dataSource.options.type !== 'postgres') return manager.query<Row[]>(text, values);
  const { queryRunner } = manager;
  if (!queryRunner) return manager.transaction((inner) => unhurried<Row>(inner, text, values));
  await manager.query(`SET LOCAL statement_timeout = ${LONGEST_MILLISECONDS}`);
  const client = (await queryRunner.connect()) as ClientBase;
  const query = { text, values, query_timeout: LONGEST_MILLISECONDS };
  return (await client.query<Row & object>(query)).rows;
}
