import 'reflect-metadata';
import type { DynamicModule, INestApplication, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import {
  AuthModule,
  Clock,
  ConnectorsModule,
  openDataSource,
  SealingModule,
  TokenVaultModule,
  type AuthModuleExtras,
  type AuthModuleOptions,
  type LogtoOptions,
} from '../../src/index.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/testing.js';
import {
  PATIENCE_MILLISECONDS,
  TEST_SESSION_SECRET,
  TEST_VAULT_KEYS,
  type Platform,
} from '../support/backend.js';
import { temporaryDatabase, type DatabaseKind } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';
import { freePort } from '../support/ports.js';

export interface ApplicationOptions {
  readonly platform?: Platform;
  readonly database?: DatabaseKind;
  /** Where it listens; needed beforehand by whoever registers it as a client. */
  readonly port?: number;
  readonly logto: LogtoOptions;
  /** What it tells `AuthModule.forRoot` beyond what it has to. */
  readonly auth?: Partial<AuthModuleOptions & AuthModuleExtras>;
  /** How it imports the module, where it does not by `forRoot`. */
  readonly authModule?: (options: AuthModuleOptions & AuthModuleExtras) => ModuleMetadata['imports'];
  readonly imports?: ModuleMetadata['imports'];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly customise?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** What is switched on before it listens. */
  readonly prepare?: (app: INestApplication) => unknown;
}

/** Somebody else's application, which imports the modules and is nothing of ours otherwise. */
export interface Application {
  readonly url: string;
  readonly app: INestApplication;
  readonly clock: Clock;
  readonly dataSource: DataSource;
  get<Provided>(token: Type<Provided> | (abstract new (...parameters: never[]) => Provided)): Provided;
  close(): Promise<void>;
}

/** Starts it on a real port, with a database of its own. Leaves nothing behind where it cannot start. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const port = options.port ?? (await freePort());
  const url = `http://localhost:${port}`;
  const database = await temporaryDatabase(options.database ?? 'SQLite');
  const dataSource = await openDataSource(database.url, PATIENCE_MILLISECONDS);
  try {
    const app = await create(options, url, dataSource);
    await app.listen(port, 'localhost');
    const close = async () => {
      await app.close();
      await database.drop();
    };
    return { url, app, clock: app.get(Clock), dataSource, get: (token) => app.get(token), close };
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.drop();
    throw error;
  }
}

async function create(
  {
    platform,
    logto,
    auth,
    authModule,
    imports = [],
    controllers = [],
    providers = [],
    ...rest
  }: ApplicationOptions,
  baseUrl: string,
  dataSource: DataSource,
): Promise<INestApplication> {
  const { customise = (builder) => builder, prepare } = rest;
  const given = { baseUrl, sessionSecret: TEST_SESSION_SECRET, logto, ...auth };
  const builder = Test.createTestingModule({
    imports: [...foundation(dataSource), ...(authModule?.(given) ?? [AuthModule.forRoot(given)]), ...imports],
    controllers: [...controllers],
    providers: [...providers],
  });
  const module = await customise(builder).compile();
  const app = module.createNestApplication(
    platform === 'Express' ? new PatientExpress() : new FastifyAdapter(),
    {
      logger: false,
      forceCloseConnections: true,
    },
  );
  await prepare?.(app);
  return app;
}

/** Everything that `AuthModule` needs beside it. */
const foundation = (dataSource: DataSource): DynamicModule[] => [
  TypeOrmModule.forRootAsync({
    useFactory: () => dataSource.options,
    dataSourceFactory: () => Promise.resolve(dataSource),
  }),
  SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
  ConnectorsModule.forRoot({ connectors: [], instances: [] }),
  TokenVaultModule.forRoot({ controllers: false }),
];

export interface SandboxedApplication extends Application {
  readonly sandbox: Sandbox;
}

/** The same with a sandbox as its Logto, whose clock moves along. */
export async function startSandboxedApplication(
  options: Omit<ApplicationOptions, 'logto'> & {
    readonly logto?: Partial<LogtoOptions>;
    readonly sandbox?: Partial<SandboxOptions>;
  } = {},
): Promise<SandboxedApplication> {
  const port = options.port ?? (await freePort());
  const registered = { port: await freePort(), applicationUrl: `http://localhost:${port}` };
  const sandbox = await startSandbox({ ...registered, ...options.sandbox });
  try {
    const logto = { ...sandbox.logto, ...options.logto };
    const application = await startApplication({ ...options, port, logto });
    sandbox.attach(application.clock);
    const close = async () => {
      await application.close();
      await sandbox.close();
    };
    return { ...application, sandbox, close };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}
