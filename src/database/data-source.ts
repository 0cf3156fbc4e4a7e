import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AuditEntry } from '../audit/audit-entry.entity.js';
import { VerificationRecord } from '../auth/account/verification-record.entity.js';
import { AuthorizationTransaction } from '../auth/sign-in/authorization-transaction.entity.js';
import { Session } from '../auth/session/session.entity.js';
import { LogtoSession } from '../auth/logto/logto-session.entity.js';
import { UsedLogoutToken } from '../auth/logto/used-logout-token.entity.js';
import { ApplicationToken } from '../connectors/application-tokens/application-token.entity.js';
import { StoredSignInExperience } from '../connectors/instances/sign-in-experience.entity.js';
import { StoredConnector } from '../connectors/instances/stored-connector.entity.js';
import { Identity } from '../identities/identity.entity.js';
import { User } from '../identities/user.entity.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { StoredSecret } from '../token-vault/stored-secret.entity.js';
import { Initial1763700000000 } from './migrations/1763700000000-initial.js';
import { Sessions1763900000000 } from './migrations/1763900000000-sessions.js';
import { ApplicationTokens1764100000000 } from './migrations/1764100000000-application-tokens.js';
import { Connectors1764200000000 } from './migrations/1764200000000-connectors.js';
import { Identities1764300000000 } from './migrations/1764300000000-identities.js';
import { RefreshTokenExpiry1764400000000 } from './migrations/1764400000000-refresh-token-expiry.js';
import { SessionIdentity1764500000000 } from './migrations/1764500000000-session-identity.js';
import { migrate } from './migrate.js';
import { serialise } from './serial-query-runner.js';

/** All tables of Latchkey, for an application that brings its own data source. */
export const latchkeyEntities = [
  User,
  Identity,
  StoredSecret,
  Session,
  LogtoSession,
  UsedLogoutToken,
  AuthorizationTransaction,
  ApplicationToken,
  StoredConnector,
  StoredSignInExperience,
  VerificationRecord,
  AuditEntry,
];

/** All migrations of Latchkey, in order; the same for SQLite and PostgreSQL. */
export const latchkeyMigrations = [
  Initial1763700000000,
  Sessions1763900000000,
  ApplicationTokens1764100000000,
  Connectors1764200000000,
  Identities1764300000000,
  RefreshTokenExpiry1764400000000,
  SessionIdentity1764500000000,
];

const common = {
  entities: latchkeyEntities,
  migrations: latchkeyMigrations,
  migrationsTransactionMode: 'each',
  synchronize: false,
} as const;

/** From `sqlite:<file>` or `postgres://…`. */
export function dataSourceOptions(databaseUrl: string): DataSourceOptions {
  if (databaseUrl.startsWith('sqlite:')) return sqliteOptions(databaseUrl.slice('sqlite:'.length));
  return {
    ...common,
    type: 'postgres',
    url: databaseUrl,
    applicationName: 'latchkey',
    connectTimeoutMS: 5000,
  };
}

/**
 * From the same: connected, and brought to the newest schema. Rejects with {@link ConfigurationError}, which repeats
 * nothing of the address, when there is no such database.
 */
export async function openDataSource(databaseUrl: string): Promise<DataSource> {
  const dataSource = await connect(databaseUrl);
  try {
    await migrate(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function connect(databaseUrl: string): Promise<DataSource> {
  try {
    return await createDataSource(dataSourceOptions(databaseUrl)).initialize();
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ConfigurationError(
      `DATABASE_URL: the database cannot be opened (${code || 'no reason given'})`,
      { cause: error },
    );
  }
}

export function createDataSource(options: DataSourceOptions): DataSource {
  const dataSource = new DataSource(options);
  return options.type === 'postgres' ? dataSource : serialise(dataSource);
}

/**
 * The driver module is loaded here, because an application on PostgreSQL need not have it.
 * WAL with full synchronisation: what was acknowledged survives the end of the process at any moment.
 */
function sqliteOptions(database: string): DataSourceOptions {
  mkdirSync(dirname(database), { recursive: true });
  return {
    ...common,
    type: 'better-sqlite3',
    driver: createRequire(import.meta.url)('libsql') as unknown,
    database,
    enableWAL: true,
    prepareDatabase: (connection: { pragma(statement: string): void }) => {
      connection.pragma('synchronous = FULL');
      connection.pragma('busy_timeout = 5000');
    },
  };
}
