import 'reflect-metadata';
import type { INestApplicationContext, LoggerService, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import type { ConnectorInstanceOptions } from '../../src/connectors/connector.registry.js';
import { ConnectorsModule } from '../../src/connectors/connectors.module.js';
import { ourConnectors } from '../../src/connectors/our-connectors.js';
import { openDataSource } from '../../src/database/data-source.js';
import { SealingModule } from '../../src/sealing/sealing.module.js';
import { REVOCATION_TIMES } from '../../src/token-vault/leaving/revocations.js';
import { REFRESH_TIMES, refreshTimes, type RefreshTimes } from '../../src/token-vault/refresh-lease.js';
import { RENEWAL_TIMES, renewalTimes } from '../../src/token-vault/renewal/renewal-worker.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { TokenVaultModule } from '../../src/token-vault/token-vault.module.js';
import type { TokenVaultModuleOptions } from '../../src/token-vault/token-vault.options.js';
import { TokenVaultService, type TokenSetOwner } from '../../src/token-vault/token-vault.service.js';
import { PATIENCE_MILLISECONDS, PATIENT, TEST_VAULT_KEYS } from '../support/backend.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';

export interface VaultStage {
  readonly app: INestApplicationContext;
  readonly clock: Clock;
  readonly vault: TokenVaultService;
  readonly database: TemporaryDatabase;
  readonly dataSource: DataSource;
  get<Provider>(token: Type<Provider>): Provider;
  /** Keeps what a person is said to have granted. */
  grant(owner: TokenSetOwner, granted: Granted): Promise<void>;
  /** The one row of a user. */
  row(userId: string): Promise<StoredSecret>;
  close(): Promise<void>;
}

export interface Granted {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly scope?: string;
  readonly expiresIn?: number;
  /** When the refresh token ends. */
  readonly grantExpiresAt?: number;
}

export interface VaultStageOptions {
  readonly kind: DatabaseKind;
  readonly instances: readonly ConnectorInstanceOptions[];
  readonly times?: RefreshTimes;
  /** Default: none. Its turns come when a test takes them, and never by themselves. */
  readonly renewal?: TokenVaultModuleOptions['renewal'];
  readonly clock?: Clock;
  /** How long a statement may take on PostgreSQL. Default: {@link PATIENCE_MILLISECONDS}. */
  readonly statementMilliseconds?: number;
  /** Of another stage, to be its second instance. */
  readonly database?: TemporaryDatabase;
}

/** An application with nothing but the vault in it. */
export async function startVault({
  kind,
  instances,
  times = refreshTimes,
  renewal = false,
  clock = new Clock(),
  statementMilliseconds = PATIENCE_MILLISECONDS,
  ...given
}: VaultStageOptions): Promise<VaultStage> {
  const database = given.database ?? (await temporaryDatabase(kind));
  const dataSource = await openDataSource(database.url, statementMilliseconds);
  const module = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
      ConnectorsModule.forRoot({ connectors: ourConnectors, instances, controllers: false }),
      TokenVaultModule.forRoot({
        controllers: false,
        renewal,
        reauthorizationUrl: (id, scope = []) => `https://app.example/again/${id}?scope=${scope.join('+')}`,
      }),
    ],
  })
    .overrideProvider(REFRESH_TIMES)
    .useValue(times)
    .overrideProvider(RENEWAL_TIMES)
    .useValue({ ...renewalTimes, idleMilliseconds: NEVER, busyMilliseconds: NEVER })
    .overrideProvider(REVOCATION_TIMES)
    .useValue(PATIENT)
    .overrideProvider(Clock)
    .useValue(clock)
    .setLogger(SILENT)
    .compile();
  const app = await module.init();
  const vault = app.get(TokenVaultService);
  return {
    app,
    clock,
    vault,
    database,
    dataSource,
    get: (token) => app.get(token, { strict: false }),
    grant: (owner, { accessToken, refreshToken, scope, expiresIn, grantExpiresAt }) =>
      dataSource.transaction((manager) =>
        vault.store(manager, owner, {
          accessToken: new Secret(accessToken),
          refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
          tokenType: 'Bearer',
          scope: scope?.split(' '),
          expiresAt: expiresIn === undefined ? undefined : clock.now() + expiresIn,
          refreshTokenExpiresAt: grantExpiresAt,
        }),
      ),
    row: (userId) => dataSource.getRepository(StoredSecret).findOneByOrFail({ userId }),
    close: async () => {
      await app.close();
      if (!given.database) await database.drop();
    },
  };
}

const NEVER = 24 * 60 * 60 * 1000;

const silent = (): void => undefined;
const SILENT: LoggerService = { log: silent, error: silent, warn: silent };

/** An instance of the generic connector whose provider is at this origin. */
export const genericInstance = (origin: string, id = 'generic'): ConnectorInstanceOptions => ({
  id,
  connectorId: 'oauth2',
  target: id,
  enableTokenStorage: true,
  privateHosts: [new URL(origin).host],
  config: {
    clientId: 'latchkey',
    clientSecret: 'secret',
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    userInfoEndpoint: `${origin}/me`,
    revocationEndpoint: `${origin}/revoke`,
  },
});
