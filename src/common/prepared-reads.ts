import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { NextFlight } from './single-flight.js';

/** After which a connection to PostgreSQL counts as dead, and is closed. */
const LONGEST_READ_MILLISECONDS = 5000;

export type PreparedRead<Row> = (...values: string[]) => Promise<Row | undefined>;

/**
 * Single-row reads by a statement that the database has parsed once, for the reads on the hot path
 * (a session, a secret, the versions of connectors): 1.6 times the speed of a repository. They see committed data only,
 * all that was committed before the read was asked for; those who ask PostgreSQL for the same row while it answers share
 * the next read.
 */
@Injectable()
export class PreparedReads implements OnApplicationShutdown {
  private sqliteReader?: SqliteConnection;

  constructor(private readonly dataSource: DataSource) {}

  /** `sql` has its parameters as `$1`, `$2`, … in order; `name` is unique in the application. */
  prepare<Row>(name: string, sql: string): PreparedRead<Row> {
    return this.dataSource.options.type === 'postgres' ? this.onPostgres(name, sql) : this.onSqlite(sql);
  }

  /**
   * The same, with the columns as a list in their order, which the database hands over as one text: half of what many
   * columns cost otherwise. `rest` begins with `FROM`. Columns are numbers, texts, booleans or null.
   */
  prepareList(name: string, columns: readonly string[], rest: string): PreparedRead<readonly unknown[]> {
    const list =
      this.dataSource.options.type === 'postgres'
        ? `CAST(json_build_array(${columns.join(', ')}) AS text)`
        : `json_array(${columns.join(', ')})`;
    const read = this.prepare<{ readonly list: string }>(name, `SELECT ${list} AS list ${rest}`);
    return async (...values) => {
      const row = await read(...values);
      return row && (JSON.parse(row.list) as unknown[]);
    };
  }

  onApplicationShutdown(): void {
    this.sqliteReader?.close();
    this.sqliteReader = undefined;
  }

  private onPostgres<Row>(name: string, text: string): PreparedRead<Row> {
    const pool = (this.dataSource.driver as PostgresDriver).master as PostgresPool;
    const flights = new NextFlight<Row | undefined>();
    return (...values) =>
      flights.run(JSON.stringify(values), async () => {
        const { rows } = await pool.query({ name, text, values, query_timeout: LONGEST_READ_MILLISECONDS });
        return rows[0] as Row | undefined;
      });
  }

  /** A second, read-only connection: on the first one a read would see another request's open transaction. */
  private onSqlite<Row>(sql: string): PreparedRead<Row> {
    let statement: SqliteStatement | undefined;
    return async (...values) => {
      statement ??= this.sqlite().prepare(sql.replace(/\$\d+/g, '?'));
      return statement.get(...values) as Row | undefined;
    };
  }

  private sqlite(): SqliteConnection {
    const { sqlite: Driver, database } = this.dataSource.driver as unknown as SqliteDataSourceDriver;
    return (this.sqliteReader ??= new Driver(database, { readonly: true }));
  }
}

interface PostgresPool {
  query(query: {
    name: string;
    text: string;
    values: string[];
    query_timeout: number;
  }): Promise<{ rows: unknown[] }>;
}

/** What TypeORM's driver for SQLite keeps: the module that opens databases, and the file. */
interface SqliteDataSourceDriver {
  readonly sqlite: new (file: string, options: { readonly: boolean }) => SqliteConnection;
  readonly database: string;
}

interface SqliteConnection {
  prepare(sql: string): SqliteStatement;
  close(): void;
}

interface SqliteStatement {
  get(...values: string[]): unknown;
}
