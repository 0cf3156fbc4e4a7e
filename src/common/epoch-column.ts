import { Column, type ColumnOptions } from 'typeorm';

/** A time in seconds since the epoch. 64 bits wide, which PostgreSQL's driver hands out as text. */
export const EpochColumn = (
  name: string,
  options: Pick<ColumnOptions, 'nullable' | 'default'> = {},
): PropertyDecorator =>
  Column({ ...options, name, type: 'bigint', transformer: { to: (value: unknown) => value, from: epoch } });

/** The same for rows read by plain SQL. */
export const epoch = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);
