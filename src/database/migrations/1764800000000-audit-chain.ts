import { Table, TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { key, nullable, sealed, text, time } from './columns.js';

const LOG = 'latchkey_audit_log';

const columns = (): TableColumn[] =>
  [
    text('secret_id', 21, nullable),
    text('client_id', 128, nullable),
    text('purpose', 64, nullable),
    text('stated_reason', 256, nullable),
    { name: 'count', type: 'integer', ...nullable },
    text('proof', 64, nullable),
    text('origin', 16, nullable),
    time('position', nullable),
    text('hash', 43, nullable),
  ].map((column) => new TableColumn(column));

const former = [
  new TableIndex({ name: `${LOG}_by_user`, columnNames: ['user_id'] }),
  new TableIndex({ name: `${LOG}_by_time`, columnNames: ['at'] }),
];

const indices = [
  new TableIndex({ name: `${LOG}_by_user`, columnNames: ['user_id', 'position'] }),
  new TableIndex({ name: `${LOG}_by_position`, columnNames: ['position'], isUnique: true }),
  new TableIndex({
    name: `${LOG}_by_proof`,
    columnNames: ['proof'],
    isUnique: true,
    where: 'proof IS NOT NULL',
  }),
  new TableIndex({ name: `${LOG}_unchained`, columnNames: ['id'], where: 'position IS NULL' }),
];

const head = new Table({
  name: 'latchkey_audit_head',
  columns: [
    { name: 'id', type: 'integer', ...key },
    time('position'),
    text('hash', 43),
    time('removed_position'),
    text('removed_hash', 43),
    text('removed_proof', 43),
  ],
});

const keys = new Table({
  name: 'latchkey_audit_keys',
  columns: [{ name: 'id', type: 'integer', ...key }, ...sealed],
});

/** The audit log becomes a chain, with room for reads of the vault. Rows that are there are chained at the next start. */
export class AuditChain1764800000000 implements MigrationInterface {
  readonly name = 'AuditChain1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const index of former) await runner.dropIndex(await log(runner), index.name as string);
    await runner.addColumns(await log(runner), columns());
    await widen(runner);
    await runner.createIndices(await log(runner), indices);
    for (const table of [head, keys]) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [keys, head]) await runner.dropTable(table);
    for (const index of indices) await runner.dropIndex(await log(runner), index.name as string);
    const names = columns().map(({ name }) => name);
    await runner.dropColumns(await log(runner), names);
    await runner.createIndices(await log(runner), former);
  }
}

/** Ids of 32 bits last for days where thousands of reads a second are written down. SQLite's have 64 anyway. */
async function widen(runner: QueryRunner): Promise<void> {
  if (runner.dataSource.options.type !== 'postgres') return;
  await runner.query(`ALTER TABLE ${LOG} ALTER COLUMN id TYPE bigint`);
  await runner.query(`ALTER SEQUENCE ${LOG}_id_seq AS bigint`);
}

/** Read anew: by its name alone TypeORM takes it for the table that was there before it was replaced. */
async function log(runner: QueryRunner): Promise<Table> {
  const table = await runner.getTable(LOG);
  if (!table) throw new Error(`there is no table ${LOG}`);
  return table;
}
