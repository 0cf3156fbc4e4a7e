import { Table, TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { initialTables } from './1763700000000-initial.js';
import { flag, key, nullable, sealed, text, time } from './columns.js';

const sessions = new Table({
  name: 'latchkey_sessions',
  columns: [
    text('id', 21, key),
    text('token_hash', 43),
    text('user_id', 128),
    text('user_agent', 256, nullable),
    time('created_at'),
    time('last_seen_at'),
    time('expires_at'),
  ],
  indices: [
    { name: 'latchkey_sessions_by_token', columnNames: ['token_hash'], isUnique: true },
    { name: 'latchkey_sessions_by_user', columnNames: ['user_id'] },
    { name: 'latchkey_sessions_by_last_use', columnNames: ['last_seen_at'] },
    { name: 'latchkey_sessions_by_expiry', columnNames: ['expires_at'] },
  ],
});

const logtoSessions = new Table({
  name: 'latchkey_logto_sessions',
  columns: [
    text('session_id', 21, key),
    text('issuer', 255),
    text('subject', 255),
    text('sid', 255, nullable),
    ...sealed,
    { name: 'version', type: 'integer' },
    text('lease_owner', 21, nullable),
    time('lease_until', nullable),
    time('expires_at'),
  ],
  indices: [
    { name: 'latchkey_logto_sessions_by_subject', columnNames: ['issuer', 'subject'] },
    { name: 'latchkey_logto_sessions_by_sid', columnNames: ['sid'] },
    { name: 'latchkey_logto_sessions_by_expiry', columnNames: ['expires_at'] },
  ],
});

const usedLogoutTokens = new Table({
  name: 'latchkey_used_logout_tokens',
  columns: [text('id', 43, key), time('expires_at')],
  indices: [{ name: 'latchkey_used_logout_tokens_by_expiry', columnNames: ['expires_at'] }],
});

/** The databases write the same default in their own ways. */
const suspendedOn = (type: string): TableColumn =>
  new TableColumn({ ...flag('suspended'), default: type === 'postgres' ? 'false' : '0' });

/**
 * Sessions of users who need not be ours, with their last use, and Logto's part of them by its own session and subject.
 * What there was cannot be carried over: its tokens are bound to the former table. Everybody signs in again.
 */
export class Sessions1763900000000 implements MigrationInterface {
  readonly name = 'Sessions1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.dropTable('latchkey_session_tokens');
    await runner.dropTable('latchkey_sessions');
    for (const table of [sessions, logtoSessions, usedLogoutTokens]) await runner.createTable(table);
    await runner.addColumn('latchkey_users', suspendedOn(runner.dataSource.options.type));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('latchkey_users', 'suspended');
    for (const table of [usedLogoutTokens, logtoSessions, sessions]) await runner.dropTable(table);
    for (const table of former) await runner.createTable(table);
  }
}

const replaced = new Set(['latchkey_sessions', 'latchkey_session_tokens']);
const former = initialTables.filter(({ name }) => replaced.has(name));
