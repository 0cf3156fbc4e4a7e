import { Table, TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { key, nullable, text, time } from './columns.js';

const leases = new Table({
  name: 'latchkey_leases',
  columns: [text('name', 64, key), text('owner', 21), time('held_until')],
});

const RENEWAL_INDEX = 'latchkey_secrets_by_renewal';
const STATUS_INDEX = 'latchkey_secrets_by_status_due';

/** Renewal goes connector by connector, and a status that changes by time alone is found by that time. */
export class Renewal1765200000000 implements MigrationInterface {
  readonly name = 'Renewal1765200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(leases);
    await runner.addColumn(await secrets(runner), new TableColumn(time('status_due_at', nullable)));
    await runner.query('UPDATE latchkey_secrets SET status_due_at = 0');
    await runner.dropIndex(await secrets(runner), RENEWAL_INDEX);
    await runner.createIndices(await secrets(runner), [
      new TableIndex({ name: RENEWAL_INDEX, columnNames: ['connector_id', 'renew_at'] }),
      new TableIndex({ name: STATUS_INDEX, columnNames: ['status_due_at'] }),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex(await secrets(runner), STATUS_INDEX);
    await runner.dropIndex(await secrets(runner), RENEWAL_INDEX);
    await runner.createIndex(
      await secrets(runner),
      new TableIndex({ name: RENEWAL_INDEX, columnNames: ['renew_at'] }),
    );
    await runner.dropColumn(await secrets(runner), 'status_due_at');
    await runner.dropTable(leases);
  }
}

/** Read anew: by its name alone TypeORM takes it for the table that an earlier migration of the same run has replaced. */
async function secrets(runner: QueryRunner): Promise<Table> {
  const table = await runner.getTable('latchkey_secrets');
  if (!table) throw new Error('there is no table latchkey_secrets');
  return table;
}
