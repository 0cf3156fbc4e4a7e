import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { flag, key, sealed, text, time } from './columns.js';

const tables = [
  new Table({
    name: 'latchkey_connectors',
    columns: [
      text('id', 64, key),
      text('connector_id', 128),
      text('target', 64),
      { name: 'config', type: 'text' },
      { name: 'configured_secrets', type: 'text' },
      ...sealed,
      { name: 'metadata', type: 'text' },
      flag('sync_profile'),
      flag('enable_token_storage'),
      flag('enabled'),
      { name: 'version', type: 'integer' },
      time('created_at'),
      time('updated_at'),
    ],
    indices: [{ name: 'latchkey_connectors_by_target', columnNames: ['target'] }],
  }),
  new Table({
    name: 'latchkey_sign_in_experience',
    columns: [
      text('id', 16, key),
      { name: 'social_targets', type: 'text', isNullable: true },
      flag('automatic_account_linking'),
      { name: 'version', type: 'integer' },
    ],
  }),
];

/** Connector instances that administrators make, and what people are offered at sign-in. */
export class Connectors1764200000000 implements MigrationInterface {
  readonly name = 'Connectors1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table);
    await runner.query(
      `INSERT INTO latchkey_sign_in_experience (id, automatic_account_linking, version) VALUES ('default', false, 1)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...tables].reverse()) await runner.dropTable(table);
  }
}
