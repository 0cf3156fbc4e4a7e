import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';
import { flag, key, nullable, sealed, text, time } from './columns.js';

const work: TableColumnOptions[] = [
  text('id', 21, key),
  time('due_at', nullable),
  { name: 'attempts', type: 'integer' },
  text('last_error', 64, nullable),
  time('created_at'),
  text('event', 64),
  text('user_id', 128),
  { name: 'data', type: 'text' },
];

const events = new Table({
  name: 'latchkey_events',
  columns: work,
  indices: [{ name: 'latchkey_events_by_due', columnNames: ['due_at'] }],
});

const hooks = new Table({
  name: 'latchkey_hooks',
  columns: [
    text('id', 21, key),
    text('name', 256),
    { name: 'events', type: 'text' },
    text('url', 2048),
    { name: 'header_names', type: 'text' },
    ...sealed,
    { name: 'version', type: 'integer' },
    flag('enabled'),
    text('disabled_reason', 32, nullable),
    time('paused_until'),
    time('created_at'),
  ],
});

const deliveries = new Table({
  name: 'latchkey_hook_deliveries',
  columns: [
    ...work,
    text('hook_id', 21),
    time('occurred_at'),
    { name: 'response_status', type: 'integer', isNullable: true },
    time('attempted_at', nullable),
  ],
  indices: [
    { name: 'latchkey_hook_deliveries_by_due', columnNames: ['hook_id', 'due_at'] },
    { name: 'latchkey_hook_deliveries_by_age', columnNames: ['hook_id', 'created_at'] },
  ],
  foreignKeys: [
    {
      name: 'latchkey_hook_deliveries_hook',
      columnNames: ['hook_id'],
      referencedTableName: 'latchkey_hooks',
      referencedColumnNames: ['id'],
      onDelete: 'CASCADE',
    },
  ],
});

/** Events that are yet to be told, webhooks, and what is sent to them. */
export class Events1764900000000 implements MigrationInterface {
  readonly name = 'Events1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of [events, hooks, deliveries]) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [deliveries, hooks, events]) await runner.dropTable(table);
  }
}
