import type { DataSource } from 'typeorm';

interface Spoiled {
  readonly dataSource: DataSource;
}

/** From now on such writes fail: `UPDATE ON` or `INSERT ON` a table. */
export async function spoil({ dataSource }: Spoiled, when: string, what = VAULT): Promise<void> {
  if (dataSource.options.type === 'postgres') {
    await dataSource.query(`CREATE OR REPLACE FUNCTION spoiled() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$`);
    await dataSource.query(
      `CREATE TRIGGER spoiled BEFORE ${what} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION spoiled()`,
    );
  } else
    await dataSource.query(
      `CREATE TRIGGER spoiled BEFORE ${what} WHEN ${when} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
    );
}

const VAULT = 'UPDATE ON latchkey_secrets';
export const AUDIT_LOG = 'INSERT ON latchkey_audit_log';

export const ANY_WRITE = '1 = 1';
/** Leases can still be renewed. */
export const TOKEN_SETS = 'NEW.version <> OLD.version';

export const repair = async ({ dataSource }: Spoiled, what = VAULT): Promise<void> =>
  void (await dataSource.query(
    `DROP TRIGGER IF EXISTS spoiled${dataSource.options.type === 'postgres' ? what.slice(what.indexOf(' ')) : ''}`,
  ));
