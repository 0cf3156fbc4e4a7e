import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { key, nullable, text, time } from './columns.js';

const grants = new Table({
  name: 'latchkey_token_grants',
  columns: [
    text('id', 21, key),
    text('client_id', 128),
    text('target', 64),
    text('purpose', 64),
    { name: 'scope', type: 'text', ...nullable },
    time('expires_at', nullable),
    time('created_at'),
    text('created_by', 128, nullable),
  ],
  indices: [
    {
      name: 'latchkey_token_grants_by_use',
      columnNames: ['client_id', 'target', 'purpose'],
      isUnique: true,
    },
  ],
});

/** Which programs may read which tokens. */
export class TokenGrants1765100000000 implements MigrationInterface {
  readonly name = 'TokenGrants1765100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(grants);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(grants);
  }
}
