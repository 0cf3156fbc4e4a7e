import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { key, nullable, sealed, text, time } from './columns.js';

const applicationTokens = new Table({
  name: 'latchkey_application_tokens',
  columns: [
    text('connector_id', 64, key),
    text('credentials', 43, key),
    ...sealed,
    { name: 'version', type: 'integer' },
    time('expires_at'),
    time('renew_at'),
    text('refused', 43, nullable),
    text('lease_owner', 21, nullable),
    time('lease_until'),
    { name: 'failures', type: 'integer' },
    text('failure_code', 64, nullable),
    time('retry_at'),
  ],
});

/** Tokens that belong to an application and not to a person, shared by all instances of the backend. */
export class ApplicationTokens1764100000000 implements MigrationInterface {
  readonly name = 'ApplicationTokens1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(applicationTokens);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(applicationTokens);
  }
}
