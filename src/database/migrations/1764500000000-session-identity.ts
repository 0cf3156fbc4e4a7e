import { TableColumn, type MigrationInterface, type QueryRunner, type Table } from 'typeorm';
import { nullable, text } from './columns.js';

/** With which account a session began. Of those that are there already nobody knows. */
export class SessionIdentity1764500000000 implements MigrationInterface {
  readonly name = 'SessionIdentity1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn(await sessions(runner), new TableColumn(text('identity_id', 21, nullable)));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn(await sessions(runner), 'identity_id');
  }
}

/** Read anew: by its name alone TypeORM takes it for the table that an earlier migration of the same run has replaced. */
async function sessions(runner: QueryRunner): Promise<Table> {
  const table = await runner.getTable('latchkey_sessions');
  if (!table) throw new Error('there is no table latchkey_sessions');
  return table;
}
