import { setTimeout as pause } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AuditEntry } from '../audit/audit-entry.entity.js';
import { AuditHead } from '../audit/audit-head.entity.js';
import { AuditKey } from '../audit/audit-key.entity.js';
import { VerificationRecord } from '../auth/account/verification-record.entity.js';
import { AuthorizationTransaction } from '../auth/sign-in/authorization-transaction.entity.js';
import { Session } from '../auth/session/session.entity.js';
import { LogtoSession } from '../auth/logto/logto-session.entity.js';
import { UsedLogoutToken } from '../auth/logto/used-logout-token.entity.js';
import { ApplicationToken } from '../connectors/application-tokens/application-token.entity.js';
import { FormerConnector } from '../connectors/instances/former-connector.entity.js';
import { StoredSignInExperience } from '../connectors/instances/sign-in-experience.entity.js';
import { StoredConnector } from '../connectors/instances/stored-connector.entity.js';
import { DataDeletion } from '../connectors/notifications/data-deletion.entity.js';
import { HeardNotification } from '../connectors/notifications/heard-notification.entity.js';
import { PublishedEvent } from '../events/published-event.entity.js';
import { Delivery } from '../events/webhooks/delivery.entity.js';
import { Hook } from '../events/webhooks/hook.entity.js';
import { Identity } from '../identities/identity.entity.js';
import { User } from '../identities/user.entity.js';
import { systemTicks } from '../common/clock.js';
import { Lease } from '../common/leases/lease.entity.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { KeyRecord } from '../sealing/key-record.entity.js';
import { RotationState } from '../sealing/rotation/rotation-state.entity.js';
import { TokenGrant } from '../token-vault/access/token-grant.entity.js';
import { Revocation } from '../token-vault/leaving/revocation.entity.js';
import { StoredSecret } from '../token-vault/stored-secret.entity.js';
import { Initial1763700000000 } from './migrations/1763700000000-initial.js';
import { Sessions1763900000000 } from './migrations/1763900000000-sessions.js';
import { ApplicationTokens1764100000000 } from './migrations/1764100000000-application-tokens.js';
import { Connectors1764200000000 } from './migrations/1764200000000-connectors.js';
import { Identities1764300000000 } from './migrations/1764300000000-identities.js';
import { RefreshTokenExpiry1764400000000 } from './migrations/1764400000000-refresh-token-expiry.js';
import { SessionIdentity1764500000000 } from './migrations/1764500000000-session-identity.js';
import { RefreshLease1764600000000 } from './migrations/1764600000000-refresh-lease.js';
import { AuditChain1764800000000 } from './migrations/1764800000000-audit-chain.js';
import { Leaving1765000000000 } from './migrations/1765000000000-leaving.js';
import { Keys1764700000000 } from './migrations/1764700000000-keys.js';
import { Events1764900000000 } from './migrations/1764900000000-events.js';
import { TokenGrants1765100000000 } from './migrations/1765100000000-token-grants.js';
import { Renewal1765200000000 } from './migrations/1765200000000-renewal.js';
import { dropUnanswered } from './drop-unanswered.js';
import { migrate } from './migrate.js';
import { isLocked, serialise } from './serial-query-runner.js';
import { sqliteOptions } from './sqlite-options.js';

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
  FormerConnector,
  Revocation,
  TokenGrant,
  HeardNotification,
  DataDeletion,
  StoredSignInExperience,
  VerificationRecord,
  PublishedEvent,
  Hook,
  Delivery,
  AuditEntry,
  KeyRecord,
  RotationState,
  Lease,
  AuditHead,
  AuditKey,
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
  RefreshLease1764600000000,
  Keys1764700000000,
  AuditChain1764800000000,
  Events1764900000000,
  Leaving1765000000000,
  TokenGrants1765100000000,
  Renewal1765200000000,
];

const common = {
  entities: latchkeyEntities,
  migrations: latchkeyMigrations,
  migrationsTransactionMode: 'each',
  synchronize: false,
} as const;

/** From `sqlite:<file>` or `postgres://…`. */
export function dataSourceOptions(databaseUrl: string): DataSourceOptions {
  if (databaseUrl.startsWith('sqlite:'))
    return { ...common, ...sqliteOptions(databaseUrl.slice('sqlite:'.length)) };
  return {
    ...common,
    type: 'postgres',
    url: databaseUrl,
    applicationName: 'latchkey',
    connectTimeoutMS: 5000,
    extra: { keepAlive: true, keepAliveInitialDelayMillis: 10_000 },
  };
}

/**
 * From the same: connected, and brought to the newest schema. Rejects with {@link ConfigurationError}, which repeats
 * nothing of the address, when there is no such database.
 */
export async function openDataSource(
  databaseUrl: string,
  longestMilliseconds = LONGEST_STATEMENT_MILLISECONDS,
): Promise<DataSource> {
  const migrating = await initialize(() => dataSourceOptions(databaseUrl));
  try {
    await migrate(migrating);
  } finally {
    await migrating.destroy();
  }
  return connect(databaseUrl, longestMilliseconds);
}

/**
 * From the same: connected, with the schema that it has. Rejects as {@link openDataSource} does. On PostgreSQL no statement
 * takes longer than that, five seconds unless told otherwise, whether the server works on it or nobody answers; migrations
 * are not bound by that.
 */
export async function connect(
  databaseUrl: string,
  longestMilliseconds = LONGEST_STATEMENT_MILLISECONDS,
): Promise<DataSource> {
  const dataSource = await initialize(() => withLimits(dataSourceOptions(databaseUrl), longestMilliseconds));
  return dataSource.options.type === 'postgres' ? dropUnanswered(dataSource) : dataSource;
}

async function initialize(options: () => DataSourceOptions): Promise<DataSource> {
  const giveUpAt = systemTicks() + LONGEST_WAIT_MILLISECONDS;
  for (;;) {
    try {
      return await createDataSource(options()).initialize();
    } catch (error) {
      const { code } = error as { code?: string };
      if (!isLocked(error) || systemTicks() > giveUpAt)
        throw new ConfigurationError(
          `DATABASE_URL: the database cannot be opened (${code || 'no reason given'})`,
          { cause: error },
        );
    }
    await pause(BUSY_PAUSE_MILLISECONDS);
  }
}

/** A file of SQLite that another process turns to write-ahead logging at this moment lets nobody else open it. */
const LONGEST_WAIT_MILLISECONDS = 10_000;
const BUSY_PAUSE_MILLISECONDS = 20;

export function createDataSource(options: DataSourceOptions): DataSource {
  const dataSource = new DataSource(options);
  return options.type === 'postgres' ? dataSource : serialise(dataSource);
}

const LONGEST_STATEMENT_MILLISECONDS = 5000;

const withLimits = (options: DataSourceOptions, longestMilliseconds: number): DataSourceOptions =>
  options.type === 'postgres'
    ? {
        ...options,
        connectTimeoutMS: longestMilliseconds,
        extra: { ...(options.extra as object), ...limitsOf(longestMilliseconds) },
      }
    : options;

/**
 * A connection that has gone silent is given up before whoever takes over a refresh asks the provider: what it has answered
 * is written on another one by then. The server gives up first, and gives back the locks of whoever has
 * left in the middle of a transaction. It is told so on the connection: poolers refuse most settings at its start.
 */
const limitsOf = (longestMilliseconds: number) => ({
  query_timeout: longestMilliseconds,
  onConnect: (client: ClientBase): Promise<unknown> =>
    client.query(
      `SET statement_timeout = ${Math.ceil(longestMilliseconds * 0.8)}; SET idle_in_transaction_session_timeout = ${longestMilliseconds * 4}`,
    ),
});
