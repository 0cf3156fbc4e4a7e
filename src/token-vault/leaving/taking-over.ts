import type { EntityManager } from 'typeorm';
import { unhurried } from '../../common/unhurried.js';

/** What a row of the vault and one of the outbox have in common: the sealed token set, and what it is bound to. */
const KEPT = `id, user_id, connector_id, target, subject, key_id, wrapped_key, ciphertext, version, token_type, scope,
  expires_at, refresh_token_expires_at, has_refresh_token, obtained_at`;

/** Which rows of the vault: all those whose columns have these values. */
export type Taken = Readonly<Partial<Record<'id' | 'connector_id' | 'subject', string>>>;

export interface TakeOver {
  readonly rows: Taken;
  readonly now: number;
  readonly dueAt: number;
  readonly formerConnectorId?: string;
}

/**
 * Moves rows from the vault into the outbox as part of the manager's transaction, however many there are, and returns
 * how many. Nothing is opened, so no key service is asked while the database waits.
 */
export function takeOver(manager: EntityManager, what: TakeOver): Promise<number> {
  return manager.dataSource.options.type === 'postgres' ? inOne(manager, what) : oneByOne(manager, what);
}

/** The same, and nothing is kept of them. */
export async function discard(manager: EntityManager, rows: Taken): Promise<number> {
  if (manager.dataSource.options.type !== 'postgres') return discardAlone(manager, rows);
  const where = conditionOf(rows, (index) => `$${index + 1}`);
  const [{ count }] = await unhurried<{ count: number }>(
    manager,
    `WITH gone AS (DELETE FROM latchkey_secrets WHERE ${where} RETURNING id)
     SELECT CAST(count(*) AS integer) AS count FROM gone`,
    Object.values(rows),
  );
  return count;
}

/** One statement sees one state of the table: what another writer adds meanwhile is neither moved nor lost. */
async function inOne(
  manager: EntityManager,
  { rows, now, dueAt, formerConnectorId }: TakeOver,
): Promise<number> {
  const where = conditionOf(rows, (index) => `$${index + 4}`);
  const [{ count }] = await unhurried<{ count: number }>(
    manager,
    `WITH gone AS (DELETE FROM latchkey_secrets WHERE ${where} RETURNING ${KEPT}),
     moved AS (
       INSERT INTO latchkey_revocations (${KEPT}, former_connector_id, due_at, attempts, created_at)
       SELECT ${KEPT}, CAST($1 AS varchar), CAST($2 AS bigint), 0, CAST($3 AS bigint) FROM gone RETURNING id
     )
     SELECT CAST(count(*) AS integer) AS count FROM moved`,
    [formerConnectorId ?? null, dueAt, now, ...Object.values(rows)],
  );
  return count;
}

/** On SQLite a transaction has the database alone. */
async function oneByOne(
  manager: EntityManager,
  { rows, now, dueAt, formerConnectorId }: TakeOver,
): Promise<number> {
  await manager.query(
    `INSERT INTO latchkey_revocations (${KEPT}, former_connector_id, due_at, attempts, created_at)
     SELECT ${KEPT}, ?, ?, 0, ? FROM latchkey_secrets WHERE ${conditionOf(rows, () => '?')}`,
    [formerConnectorId ?? null, dueAt, now, ...Object.values(rows)],
  );
  return discardAlone(manager, rows);
}

async function discardAlone(manager: EntityManager, rows: Taken): Promise<number> {
  const where = conditionOf(rows, () => '?');
  const values = Object.values(rows);
  const [{ count }] = await manager.query<{ count: number }[]>(
    `SELECT count(*) AS count FROM latchkey_secrets WHERE ${where}`,
    values,
  );
  await manager.query(`DELETE FROM latchkey_secrets WHERE ${where}`, values);
  return count;
}

const conditionOf = (rows: Taken, parameter: (index: number) => string): string =>
  Object.keys(rows)
    .map((column, index) => `${column} = ${parameter(index)}`)
    .join(' AND ');
