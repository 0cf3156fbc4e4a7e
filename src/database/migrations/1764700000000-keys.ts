import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { key, nullable, text, time } from './columns.js';

const keys = new Table({
  name: 'latchkey_keys',
  columns: [
    text('id', 64, key),
    { name: 'check_key', type: 'text' },
    { name: 'check_value', type: 'text' },
    time('first_seen_at'),
  ],
});

const rotation = new Table({
  name: 'latchkey_key_rotation',
  columns: [
    text('id', 16, key),
    text('key_id', 64),
    text('runner', 21, nullable),
    time('lease_until'),
    time('started_at'),
    time('finished_at', nullable),
    { name: 'resealed', type: 'integer' },
    { name: 'failed', type: 'integer' },
  ],
});

/** Tables that have many rows, with what they are in order by. */
const ROTATED = { latchkey_secrets: 'id', latchkey_logto_sessions: 'session_id' } as const;

/** What keys are known by, how far a rotation came, and the rows of a key without a look at all others. */
export class Keys1764700000000 implements MigrationInterface {
  readonly name = 'Keys1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(keys);
    await runner.createTable(rotation);
    for (const [table, id] of Object.entries(ROTATED))
      await runner.createIndex(
        table,
        new TableIndex({ name: `${table}_by_key`, columnNames: ['key_id', id] }),
      );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(ROTATED)) await runner.dropIndex(table, `${table}_by_key`);
    await runner.dropTable(rotation);
    await runner.dropTable(keys);
  }
}
