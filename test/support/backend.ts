import 'reflect-metadata';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { DataSource } from 'typeorm';
import { AppModule, secureApplication, type BackendSettings } from '../../src/app.module.js';
import { Clock } from '../../src/common/clock.js';
import type { ConnectorInstanceOptions } from '../../src/connectors/connector.registry.js';
import { openDataSource } from '../../src/database/data-source.js';
import { REVOCATION_TIMES, type RevocationTimes } from '../../src/token-vault/leaving/revocations.js';
import { databaseKinds, temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from './databases.js';
import { PatientExpress } from './express.js';
import { freePort } from './ports.js';

/** Google as an instance of the environment, by its client's credentials. */
export const googleInstance = (
  config: object,
  options: Partial<ConnectorInstanceOptions> = {},
): ConnectorInstanceOptions => ({
  id: 'google',
  connectorId: 'google-universal',
  config,
  enableTokenStorage: true,
  ...options,
});

export type Platform = 'Fastify' | 'Express';

export const platforms: Platform[] = ['Fastify', 'Express'];

/** Every platform with every database that is here. */
export const environments = platforms.flatMap((platform) =>
  databaseKinds.map((database) => ({ platform, database })),
);

export const TEST_VAULT_KEYS = `test:${Buffer.from('a key that only tests ever hold!').toString('base64')}`;
export const TEST_SESSION_SECRET = 'a session secret that only tests ever hold';

/** So long a statement may wait for others that want the same row, in tests where many do at once. */
export const PATIENCE_MILLISECONDS = 60_000;

/** Whoever ends a grant hears what has become of it, however slow the machine is. */
export const PATIENT: RevocationTimes = { patienceMilliseconds: PATIENCE_MILLISECONDS };

export interface Backend {
  readonly url: string;
  readonly app: INestApplication;
  readonly clock: Clock;
  readonly database: TemporaryDatabase;
  readonly dataSource: DataSource;
  /** Everything that was logged, as it would have been printed. */
  readonly logs: string[];
  get<Provider>(token: Type<Provider>): Provider;
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly platform?: Platform;
  /** Of its own, or one that it shares and does not drop. */
  readonly database?: DatabaseKind | TemporaryDatabase;
  /** How long a statement may take on PostgreSQL. Default: {@link PATIENCE_MILLISECONDS}. */
  readonly statementMilliseconds?: number;
  /** Where the backend listens; needed beforehand by whoever registers it as a client. */
  readonly port?: number;
  readonly settings: Omit<BackendSettings, 'baseUrl' | 'sessionSecret' | 'vaultKeys'> &
    Partial<BackendSettings>;
  readonly customise?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** The real application on a real port, with a database of its own. */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { platform = 'Fastify', database: wanted = 'SQLite', customise = (builder) => builder } = options;
  const port = options.port ?? (await freePort());
  const url = `http://localhost:${port}`;
  const database = typeof wanted === 'string' ? await temporaryDatabase(wanted) : wanted;
  const { statementMilliseconds = PATIENCE_MILLISECONDS } = options;
  const dataSource = await openDataSource(database.url, statementMilliseconds);
  const settings = {
    baseUrl: url,
    sessionSecret: [TEST_SESSION_SECRET],
    vaultKeys: { text: TEST_VAULT_KEYS, variable: 'VAULT_KEYS' },
    renewal: false as const,
    ...options.settings,
  };
  const logs: string[] = [];
  const builder = customise(
    Test.createTestingModule({ imports: [AppModule.forRoot(settings, dataSource)] })
      .setLogger(recorder(logs))
      .overrideProvider(REVOCATION_TIMES)
      .useValue(PATIENT),
  );
  const module = await builder.compile();
  const app = module.createNestApplication(platform === 'Fastify' ? fastifyAdapter() : new PatientExpress(), {
    forceCloseConnections: true,
    rawBody: true,
  });
  await secureApplication(app, settings).listen(port, 'localhost');
  return {
    url,
    app,
    clock: app.get(Clock),
    database,
    dataSource,
    logs,
    get: (token) => app.get(token),
    close: async () => {
      await app.close();
      if (typeof wanted === 'string') await database.drop();
    },
  };
}

/** Keeps what is logged. */
export function recorder(logs: string[]): LoggerService {
  const record = (...parts: unknown[]) => void logs.push(parts.map(String).join(' '));
  return { log: record, error: record, warn: record, debug: record, verbose: record, fatal: record };
}
