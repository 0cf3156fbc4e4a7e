import type { TableColumnOptions } from 'typeorm';

/** The few kinds of column that our tables have, alike on SQLite and PostgreSQL. */
export const text = (
  name: string,
  length: number,
  options: Partial<TableColumnOptions> = {},
): TableColumnOptions => ({
  name,
  type: 'varchar',
  length: String(length),
  ...options,
});
export const nullable = { isNullable: true };
export const key = { isPrimary: true };
export const time = (name: string, options: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
  name,
  type: 'bigint',
  ...options,
});
export const flag = (name: string): TableColumnOptions => ({ name, type: 'boolean' });
export const sealed: TableColumnOptions[] = [
  text('key_id', 64),
  { name: 'wrapped_key', type: 'text' },
  { name: 'ciphertext', type: 'text' },
];
