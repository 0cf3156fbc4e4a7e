import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import {
  createDataSource,
  dataSourceOptions,
  latchkeyMigrations,
  openDataSource,
} from '../../src/database/data-source.js';
import { User } from '../../src/identities/user.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';

const user = (id: string) => ({
  id,
  name: id,
  email: null,
  emailVerified: false,
  avatar: null,
  createdAt: 1,
  lastSignInAt: 1,
});

/** A promise and its key. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe.each(databaseKinds)('transactions of concurrent requests on %s', (kind) => {
  let database: TemporaryDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    dataSource = await openDataSource(database.url);
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const names = async () =>
    (await dataSource.getRepository(User).find({ order: { id: 'ASC' } })).map(({ id }) => id);

  it('keep what others were told is done when one of them is rolled back', async () => {
    const inside = gate();
    const abort = gate();
    const aborted = dataSource.transaction(async (manager) => {
      await manager.insert(User, user('aborted'));
      inside.open();
      await abort.opened;
      throw new Error('aborted on purpose');
    });
    await inside.opened;
    const committed = dataSource.transaction((manager) => manager.insert(User, user('committed')));
    const plain = dataSource.getRepository(User).insert(user('plain'));
    abort.open();
    await expect(aborted).rejects.toThrow('aborted on purpose');
    await Promise.all([committed, plain]);
    expect(await names()).toEqual(['committed', 'plain']);
  });

  it('commit exactly what was acknowledged, among two hundred of which half abort', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) =>
        dataSource.transaction(async (manager: EntityManager) => {
          await manager.insert(User, user(`u${String(index).padStart(3, '0')}`));
          if (index % 2 === 1) throw new Error('aborted on purpose');
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(await names()).toEqual(
      Array.from({ length: 100 }, (_, index) => `u${String(index * 2).padStart(3, '0')}`),
    );
  });

  it('nest: an inner rollback leaves the outer work', async () => {
    await dataSource.transaction(async (manager) => {
      await manager.insert(User, user('outer'));
      await manager
        .transaction(async (inner) => {
          await inner.insert(User, user('inner'));
          throw new Error('aborted on purpose');
        })
        .catch(() => undefined);
    });
    expect(await names()).toEqual(['outer']);
  });
});

it('a transaction that SQLite has rolled back by itself keeps nobody waiting', async () => {
  const database = await temporaryDatabase('SQLite');
  const dataSource = await openDataSource(database.url);
  try {
    await dataSource.query('PRAGMA max_page_count = 60');
    const large = { ...user('large'), name: 'x'.repeat(500_000) };
    await expect(dataSource.transaction((manager) => manager.insert(User, large))).rejects.toMatchObject({
      driverError: { code: 'SQLITE_FULL' },
    });
    await dataSource.query('PRAGMA max_page_count = 100000');
    await dataSource.transaction((manager) => manager.insert(User, user('small')));
    expect(await dataSource.getRepository(User).count()).toBe(1);
  } finally {
    await dataSource.destroy();
    await database.drop();
  }
});

describe.each(databaseKinds)('the migrations on %s', (kind) => {
  it('run once, though three instances start together, and can be taken back', async () => {
    const database = await temporaryDatabase(kind);
    const instances = kind === 'SQLite' ? 1 : 3;
    const sources = await Promise.all(Array.from({ length: instances }, () => openDataSource(database.url)));
    try {
      expect(await sources[0].showMigrations()).toBe(false);
      const rows: unknown[] = await sources[0].query('SELECT name FROM migrations');
      expect(rows).toHaveLength(latchkeyMigrations.length);
      for (const _ of latchkeyMigrations) await sources[0].undoLastMigration();
      await expect(sources[0].query('SELECT * FROM latchkey_users')).rejects.toThrow();
      await sources[0].runMigrations();
    } finally {
      for (const source of sources) await source.destroy();
      await database.drop();
    }
  });

  it('leave the tables of the application alone, both ways', async () => {
    const database = await temporaryDatabase(kind);
    const host = createDataSource({ ...dataSourceOptions(database.url), migrations: [] });
    await host.initialize();
    await host.query('CREATE TABLE users (id varchar(36) PRIMARY KEY, login varchar(20))');
    await host.query("INSERT INTO users VALUES ('1', 'somebody')");
    await host.destroy();
    const source = await openDataSource(database.url);
    try {
      await source.undoLastMigration();
      expect(await source.query('SELECT login FROM users')).toEqual([{ login: 'somebody' }]);
    } finally {
      await source.destroy();
      await database.drop();
    }
  });

  it('make the tables that the entities describe', async () => {
    const database = await temporaryDatabase(kind);
    const source = await openDataSource(database.url);
    try {
      const { upQueries } = await source.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await source.destroy();
      await database.drop();
    }
  });
});
