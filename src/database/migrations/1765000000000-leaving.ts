import { Table, TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { flag, key, nullable, sealed, text, time } from './columns.js';

const revocations = new Table({
  name: 'latchkey_revocations',
  columns: [
    text('id', 21, key),
    text('user_id', 128),
    text('connector_id', 64),
    text('target', 64),
    text('subject', 255),
    ...sealed,
    { name: 'version', type: 'integer' },
    text('token_type', 64),
    { name: 'scope', type: 'text', ...nullable },
    time('expires_at', nullable),
    time('refresh_token_expires_at', nullable),
    flag('has_refresh_token'),
    time('obtained_at'),
    text('former_connector_id', 21, nullable),
    time('due_at', nullable),
    { name: 'attempts', type: 'integer' },
    text('last_error', 64, nullable),
    time('created_at'),
  ],
  indices: [
    { name: 'latchkey_revocations_by_due', columnNames: ['due_at'] },
    { name: 'latchkey_revocations_by_connector', columnNames: ['connector_id'] },
    { name: 'latchkey_revocations_by_former_connector', columnNames: ['former_connector_id'] },
  ],
});

const formerConnectors = new Table({
  name: 'latchkey_former_connectors',
  columns: [
    text('id', 21, key),
    text('instance_id', 64),
    text('connector_id', 128),
    text('target', 64),
    { name: 'config', type: 'text' },
    { name: 'configured_secrets', type: 'text' },
    ...sealed,
    { name: 'metadata', type: 'text' },
    { name: 'version', type: 'integer' },
  ],
});

const heardNotifications = new Table({
  name: 'latchkey_heard_notifications',
  columns: [text('id', 43, key), time('expires_at')],
  indices: [{ name: 'latchkey_heard_notifications_by_expiry', columnNames: ['expires_at'] }],
});

const dataDeletions = new Table({
  name: 'latchkey_data_deletions',
  columns: [text('id', 43, key), text('connector_id', 64), time('completed_at')],
});

const tables = [revocations, formerConnectors, heardNotifications, dataDeletions];
const indices = [
  new TableIndex({
    name: 'latchkey_secrets_by_connector',
    columnNames: ['connector_id', 'subject'],
  }),
  new TableIndex({ name: 'latchkey_secrets_by_token_prefix', columnNames: ['refresh_token_prefix'] }),
  new TableIndex({ name: 'latchkey_secrets_by_token_hash', columnNames: ['refresh_token_hash'] }),
];

/** Grants that are still to be ended at their providers, and what providers tell us. */
export class Leaving1765000000000 implements MigrationInterface {
  readonly name = 'Leaving1765000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table);
    await runner.addColumns(await secrets(runner), columns());
    await runner.createIndices(await secrets(runner), indices);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndices(await secrets(runner), indices);
    await runner.dropColumns(await secrets(runner), columns());
    for (const table of tables) await runner.dropTable(table);
  }
}

const columns = (): TableColumn[] =>
  [text('refresh_token_prefix', 43, nullable), text('refresh_token_hash', 43, nullable)].map(
    (options) => new TableColumn(options),
  );

/** Read anew: by its name alone TypeORM takes it for the table that an earlier migration of the same run has replaced. */
async function secrets(runner: QueryRunner): Promise<Table> {
  const table = await runner.getTable('latchkey_secrets');
  if (!table) throw new Error('there is no table latchkey_secrets');
  return table;
}
