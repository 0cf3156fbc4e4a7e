import { TableColumn, TableIndex, type MigrationInterface, type QueryRunner, type Table } from 'typeorm';
import { nullable, text, time } from './columns.js';

const TARGET_INDEX = 'latchkey_secrets_by_target';
const RENEWAL_INDEX = 'latchkey_secrets_by_renewal';

/** The lease and journal of refreshes, and what background renewal and events go by. */
export class RefreshLease1764600000000 implements MigrationInterface {
  readonly name = 'RefreshLease1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns(await secrets(runner), columns());
    await runner.createIndex(
      await secrets(runner),
      new TableIndex({ name: RENEWAL_INDEX, columnNames: ['renew_at'] }),
    );
    await replaceIndex(runner, ['user_id', 'target', 'first_stored_at', 'id']);
    await runner.query('UPDATE latchkey_secrets SET validated_at = obtained_at, announced_status = state');
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceIndex(runner, ['user_id', 'target']);
    await runner.dropIndex(await secrets(runner), RENEWAL_INDEX);
    await runner.dropColumns(await secrets(runner), columns());
  }
}

/** The hot read takes its row from the index without sorting. */
async function replaceIndex(runner: QueryRunner, columnNames: string[]): Promise<void> {
  await runner.dropIndex(await secrets(runner), TARGET_INDEX);
  await runner.createIndex(await secrets(runner), new TableIndex({ name: TARGET_INDEX, columnNames }));
}

const columns = (): TableColumn[] =>
  [
    text('attempt_id', 21, nullable),
    time('attempted_at', { default: 0 }),
    time('lease_until', { default: 0 }),
    { name: 'unanswered', type: 'integer', default: 0 },
    time('validated_at', { default: 0 }),
    time('last_used_at', nullable),
    time('renew_at', nullable),
    text('announced_status', 32, { default: "'active'" }),
  ].map((options) => new TableColumn(options));

/** Read anew: by its name alone TypeORM takes it for the table that an earlier migration of the same run has replaced. */
async function secrets(runner: QueryRunner): Promise<Table> {
  const table = await runner.getTable('latchkey_secrets');
  if (!table) throw new Error('there is no table latchkey_secrets');
  return table;
}
