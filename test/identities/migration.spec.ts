import { describe, expect, it } from '@jest/globals';
import {
  createDataSource,
  dataSourceOptions,
  Identity,
  latchkeyMigrations,
  openDataSource,
  User,
} from '../../src/index.js';
import { Identities1764300000000 } from '../../src/database/migrations/1764300000000-identities.js';
import { databaseKinds, temporaryDatabase } from '../support/databases.js';

describe.each(databaseKinds)('the migration of identities on %s', (kind) => {
  const before = latchkeyMigrations.slice(0, latchkeyMigrations.indexOf(Identities1764300000000));

  it('keeps users and identities that were there, with their addresses in canonical form', async () => {
    const database = await temporaryDatabase(kind);
    const old = createDataSource({ ...dataSourceOptions(database.url), migrations: before });
    await old.initialize();
    await old.runMigrations();
    const isTrue = kind === 'SQLite' ? '1' : 'true';
    await old.query(
      `INSERT INTO latchkey_users (id, name, email, email_verified, created_at, last_sign_in_at)
       VALUES ('user00000001', 'Ann', 'Ann@EXÄMPLE.test', ${isTrue}, 1, 2), ('user00000002', NULL, NULL, ${isTrue}, 1, 2)`,
    );
    await old.query(
      `INSERT INTO latchkey_identities (id, user_id, connector_id, target, issuer, subject, email, email_verified, created_at, last_used_at)
       VALUES ('identity0000000000001', 'user00000001', 'google', 'google', 'https://g.test', '1', 'no address', ${isTrue}, 1, 2)`,
    );
    await old.destroy();

    const migrated = await openDataSource(database.url);
    const users = await migrated.manager.find(User, { order: { id: 'ASC' } });
    const identities = await migrated.manager.find(Identity);
    await migrated.destroy();
    await database.drop();
    expect(users).toMatchObject([
      {
        id: 'user00000001',
        emailCanonical: 'ann@xn--exmple-cua.test',
        profileSources: null,
        phoneVerified: false,
      },
      { id: 'user00000002', emailCanonical: null },
    ]);
    expect(identities).toMatchObject([
      { userId: 'user00000001', emailCanonical: null, emailAuthoritative: false, details: null },
    ]);
  });

  it('can be taken back', async () => {
    const database = await temporaryDatabase(kind);
    const dataSource = createDataSource({
      ...dataSourceOptions(database.url),
      migrations: [...before, Identities1764300000000],
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
    await dataSource.undoLastMigration();
    await dataSource.runMigrations();
    const users = await dataSource.manager.count(User);
    await dataSource.destroy();
    await database.drop();
    expect(users).toBe(0);
  });
});
