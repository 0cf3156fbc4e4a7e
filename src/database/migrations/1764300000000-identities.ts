import { Table, TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { canonicalEmail } from '../../identities/canonical-email.js';
import { flag, key, nullable, text, time } from './columns.js';

const records = new Table({
  name: 'latchkey_verification_records',
  columns: [
    text('id', 21, key),
    text('user_id', 128, nullable),
    text('session_id', 21, nullable),
    text('connector_id', 64),
    text('state', 43),
    text('nonce', 43),
    text('code_verifier', 43),
    text('redirect_uri', 2048),
    { name: 'scope', type: 'text', isNullable: true },
    text('phase', 16),
    text('key_id', 64, nullable),
    { name: 'wrapped_key', type: 'text', isNullable: true },
    { name: 'ciphertext', type: 'text', isNullable: true },
    time('expires_at'),
  ],
  indices: [
    { name: 'latchkey_verification_records_by_state', columnNames: ['state'] },
    { name: 'latchkey_verification_records_by_session', columnNames: ['session_id'] },
    { name: 'latchkey_verification_records_by_expiry', columnNames: ['expires_at'] },
  ],
});

const auditLog = new Table({
  name: 'latchkey_audit_log',
  columns: [
    { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
    time('at'),
    text('event', 64),
    text('outcome', 16),
    text('reason', 64, nullable),
    text('actor_id', 128, nullable),
    text('user_id', 128, nullable),
    text('connector_id', 64, nullable),
    text('target', 64, nullable),
    text('subject', 43, nullable),
    text('identity_id', 21, nullable),
  ],
  indices: [
    { name: 'latchkey_audit_log_by_user', columnNames: ['user_id'] },
    { name: 'latchkey_audit_log_by_time', columnNames: ['at'] },
  ],
});

const flagOff = (name: string, isPostgres: boolean): TableColumn =>
  new TableColumn({ ...flag(name), default: isPostgres ? 'false' : '0' });

const profileColumns = (isPostgres: boolean): TableColumn[] => [
  new TableColumn(text('email_canonical', 512, nullable)),
  new TableColumn(text('username', 512, nullable)),
  new TableColumn(text('phone', 64, nullable)),
  flagOff('phone_verified', isPostgres),
];

const tables = (isPostgres: boolean): readonly (readonly [string, TableColumn[], TableIndex?])[] => [
  [
    'latchkey_users',
    [
      ...profileColumns(isPostgres),
      new TableColumn({ name: 'profile_sources', type: 'text', isNullable: true }),
    ],
    new TableIndex({ name: 'latchkey_users_by_email', columnNames: ['email_canonical'] }),
  ],
  [
    'latchkey_identities',
    [
      ...profileColumns(isPostgres),
      flagOff('email_authoritative', isPostgres),
      new TableColumn({ name: 'details', type: 'text', isNullable: true }),
    ],
    new TableIndex({ name: 'latchkey_identities_by_email', columnNames: ['email_canonical'] }),
  ],
  ['latchkey_transactions', [new TableColumn({ name: 'scope', type: 'text', isNullable: true })]],
];

/**
 * More of people and their accounts, records of social verifications, and the audit log. Who vouched for the addresses
 * of former rows is not known: they join no accounts until their owner has signed in once more.
 */
export class Identities1764300000000 implements MigrationInterface {
  readonly name = 'Identities1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    const isPostgres = runner.dataSource.options.type === 'postgres';
    for (const table of [records, auditLog]) await runner.createTable(table);
    for (const [table, columns, index] of tables(isPostgres)) {
      await runner.addColumns(table, columns);
      if (!index) continue;
      await runner.createIndex(table, index);
      await canonicalise(runner, table);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    const isPostgres = runner.dataSource.options.type === 'postgres';
    for (const [table, columns, index] of [...tables(isPostgres)].reverse()) {
      if (index) await runner.dropIndex(table, index);
      await runner.dropColumns(table, columns);
    }
    for (const table of [auditLog, records]) await runner.dropTable(table);
  }
}

const BATCH = 1000;

/** Fills `email_canonical` of the rows that were there. */
async function canonicalise(runner: QueryRunner, table: string): Promise<void> {
  const [one, other] = runner.dataSource.options.type === 'postgres' ? ['$1', '$2'] : ['?', '?'];
  const page = `SELECT id, email FROM ${table} WHERE email IS NOT NULL AND id > ${one} ORDER BY id LIMIT ${BATCH}`;
  const fill = `UPDATE ${table} SET email_canonical = ${one} WHERE id = ${other}`;
  let last = '';
  for (;;) {
    const rows = (await runner.query(page, [last])) as { id: string; email: string }[];
    for (const { id, email } of rows) await runner.query(fill, [canonicalEmail(email) ?? null, id]);
    if (rows.length < BATCH) return;
    last = rows[rows.length - 1].id;
  }
}
