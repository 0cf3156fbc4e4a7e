import { Raw, type DataSource } from 'typeorm';

/** SQL of the milliseconds since the epoch, by the clock that all instances share. */
export const databaseMilliseconds = ({ options: { type } }: DataSource): string =>
  type === 'postgres'
    ? 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)'
    : "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** The value of a column: so long from now by {@link databaseMilliseconds}. */
export const databaseTimeIn =
  (dataSource: DataSource, milliseconds: number): (() => string) =>
  () =>
    `${databaseMilliseconds(dataSource)} + ${milliseconds}`;

/** Of a column with such times: those that are over. Null is none. */
export const isOver = (dataSource: DataSource) =>
  Raw((column) => `${column} <= ${databaseMilliseconds(dataSource)}`);
