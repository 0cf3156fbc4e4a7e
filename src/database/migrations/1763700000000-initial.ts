import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { flag, key, nullable, sealed, text, time } from './columns.js';

const ownedByUser = {
  columnNames: ['user_id'],
  referencedTableName: 'latchkey_users',
  referencedColumnNames: ['id'],
  onDelete: 'CASCADE',
};
/** As they were at first; later migrations change them. */
export const initialTables = [
  new Table({
    name: 'latchkey_users',
    columns: [
      text('id', 12, key),
      text('name', 512, nullable),
      text('email', 512, nullable),
      flag('email_verified'),
      text('avatar', 2048, nullable),
      time('created_at'),
      time('last_sign_in_at'),
    ],
  }),
  new Table({
    name: 'latchkey_identities',
    columns: [
      text('id', 21, key),
      text('user_id', 12),
      text('connector_id', 64),
      text('target', 64),
      text('issuer', 255),
      text('subject', 255),
      text('name', 512, nullable),
      text('email', 512, nullable),
      flag('email_verified'),
      text('avatar', 2048, nullable),
      time('created_at'),
      time('last_used_at'),
    ],
    indices: [
      {
        name: 'latchkey_identities_by_account',
        columnNames: ['target', 'issuer', 'subject'],
        isUnique: true,
      },
      { name: 'latchkey_identities_by_user', columnNames: ['user_id'] },
    ],
    foreignKeys: [{ name: 'latchkey_identities_user', ...ownedByUser }],
  }),
  new Table({
    name: 'latchkey_secrets',
    columns: [
      text('id', 21, key),
      text('user_id', 128),
      text('connector_id', 64),
      text('target', 64),
      text('subject', 255),
      ...sealed,
      { name: 'version', type: 'integer' },
      text('token_type', 64),
      { name: 'scope', type: 'text', isNullable: true },
      time('expires_at', nullable),
      flag('has_refresh_token'),
      text('state', 32),
      text('state_reason', 64, nullable),
      { name: 'failures', type: 'integer' },
      time('retry_at', nullable),
      time('first_stored_at'),
      time('obtained_at'),
    ],
    indices: [
      {
        name: 'latchkey_secrets_by_account',
        columnNames: ['user_id', 'connector_id', 'subject'],
        isUnique: true,
      },
      { name: 'latchkey_secrets_by_target', columnNames: ['user_id', 'target'] },
    ],
  }),
  new Table({
    name: 'latchkey_sessions',
    columns: [
      text('id', 21, key),
      text('token_hash', 43),
      text('user_id', 12),
      time('created_at'),
      time('expires_at'),
    ],
    indices: [
      { name: 'latchkey_sessions_by_token', columnNames: ['token_hash'], isUnique: true },
      { name: 'latchkey_sessions_by_user', columnNames: ['user_id'] },
      { name: 'latchkey_sessions_by_expiry', columnNames: ['expires_at'] },
    ],
    foreignKeys: [{ name: 'latchkey_sessions_user', ...ownedByUser }],
  }),
  new Table({
    name: 'latchkey_session_tokens',
    columns: [text('session_id', 21, key), ...sealed],
    foreignKeys: [
      {
        name: 'latchkey_session_tokens_session',
        columnNames: ['session_id'],
        referencedTableName: 'latchkey_sessions',
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
      },
    ],
  }),
  new Table({
    name: 'latchkey_transactions',
    columns: [
      text('state', 43, key),
      text('browser', 43),
      text('connector_id', 64),
      text('purpose', 16),
      text('user_id', 128, nullable),
      text('nonce', 43),
      text('code_verifier', 43),
      text('redirect_uri', 2048),
      text('return_to', 2048),
      flag('consent'),
      time('started_at'),
      time('expires_at'),
    ],
    indices: [
      { name: 'latchkey_transactions_by_browser', columnNames: ['browser'] },
      { name: 'latchkey_transactions_by_expiry', columnNames: ['expires_at'] },
    ],
  }),
];

export class Initial1763700000000 implements MigrationInterface {
  readonly name = 'Initial1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of initialTables) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...initialTables].reverse()) await runner.dropTable(table);
  }
}
