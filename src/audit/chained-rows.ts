import type { EntityManager } from 'typeorm';
import type { AuditEntry } from './audit-entry.entity.js';
import { FACTS } from './facts.js';
import type { ChainedEntry } from './hashes.js';

const PAGE = 1000;

/** Many rows by one statement of one parameter, a JSON array: a third of what TypeORM takes, and no limit of variables. */

/** Writes rows that are not there yet. */
export async function insertChained(manager: EntityManager, rows: readonly ChainedEntry[]): Promise<void> {
  const into = COLUMNS.map(({ column }) => `"${column}"`).join(', ');
  await run(
    manager,
    rows,
    COLUMNS,
    (source) => `INSERT INTO latchkey_audit_log (${into}) SELECT * FROM ${source} AS r`,
  );
}

/** Gives rows that are there their places. */
export async function placeRecorded(
  manager: EntityManager,
  rows: readonly (ChainedEntry & Pick<AuditEntry, 'id'>)[],
): Promise<void> {
  await run(
    manager,
    rows,
    [ID, ...PLACE],
    (source) =>
      `UPDATE latchkey_audit_log SET origin = r.origin, position = r.position, hash = r.hash
       FROM ${source} AS r WHERE latchkey_audit_log.id = r.id`,
  );
}

/** The rows after a position in their order, at most so many, without TypeORM's share of the time. */
export async function chainedAfter(
  manager: EntityManager,
  position: number,
  limit: number,
): Promise<ChainedEntry[]> {
  const columns = COLUMNS.map(({ property, column }) => `"${column}" AS "${property}"`).join(', ');
  const rows: ChainedEntry[] = await manager.query(
    `SELECT ${columns} FROM latchkey_audit_log WHERE position > ${position} ORDER BY position LIMIT ${limit}`,
  );
  return rows.map((row) => ({ ...row, at: Number(row.at), position: Number(row.position) }));
}

/** All rows after a position in their order. */
export async function* pagesAfter(manager: EntityManager, position: number): AsyncGenerator<ChainedEntry[]> {
  let last = position;
  for (;;) {
    const rows = await chainedAfter(manager, last, PAGE);
    if (rows.length === 0) return;
    yield rows;
    last = rows[rows.length - 1].position;
  }
}

interface StoredColumn {
  readonly property: keyof AuditEntry;
  readonly column: string;
  readonly isNumber?: boolean;
}

const ID: StoredColumn = { property: 'id', column: 'id', isNumber: true };
const PLACE: readonly StoredColumn[] = [
  { property: 'origin', column: 'origin' },
  { property: 'position', column: 'position', isNumber: true },
  { property: 'hash', column: 'hash' },
];
const COLUMNS: readonly StoredColumn[] = [
  ...FACTS.map(({ property, column, length }) => ({ property, column, isNumber: length === undefined })),
  { property: 'proof', column: 'proof' },
  ...PLACE,
];

async function run(
  manager: EntityManager,
  rows: readonly ChainedEntry[],
  columns: readonly StoredColumn[],
  statement: (source: string) => string,
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map((row) => columns.map(({ property }) => (row as AuditEntry)[property]));
  const isPostgres = manager.dataSource.options.type === 'postgres';
  const element = ({ column, isNumber }: StoredColumn, index: number): string =>
    isPostgres && isNumber
      ? `CAST(value ->> ${index} AS bigint) AS "${column}"`
      : `value ->> ${index} AS "${column}"`;
  const elements = isPostgres ? 'jsonb_array_elements($1::jsonb)' : 'json_each(?)';
  const source = `(SELECT ${columns.map(element).join(', ')} FROM ${elements})`;
  await manager.query(statement(source), [JSON.stringify(values)]);
}
