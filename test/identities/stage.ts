import 'reflect-metadata';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import {
  AUTOMATIC_ACCOUNT_LINKING,
  AuditEntry,
  AuthModule,
  Clock,
  ConnectorsModule,
  IdentitiesService,
  Identity,
  openDataSource,
  SealingModule,
  TokenVaultModule,
  User,
  type AuthModuleExtras,
  type AuthModuleOptions,
  type IdentityAt,
  type ProviderIdentity,
} from '../../src/index.js';
import { MANAGEMENT_GUARD } from '../../src/common/management.guard.js';
import { Transactions } from '../../src/identities/transactions.js';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import { PagesModule } from '../../src/pages/pages.module.js';
import { REVOCATION_TIMES, type RevocationTimes } from '../../src/token-vault/leaving/revocations.js';
import {
  PATIENCE_MILLISECONDS,
  PATIENT,
  TEST_SESSION_SECRET,
  TEST_VAULT_KEYS,
  type Platform,
} from '../support/backend.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';
import { freePort } from '../support/ports.js';
import { FakeConnector } from './fake.connector.js';

/** Providers of the fake kind: `alpha` keeps tokens, `beta` keeps the profile in step, `gone` is switched off. */
const instances = [
  { id: 'alpha', connectorId: 'fake', target: 'alpha', config: {}, enableTokenStorage: true },
  { id: 'beta', connectorId: 'fake', target: 'beta', config: {}, syncProfile: true },
  { id: 'gone', connectorId: 'fake', target: 'gone', config: {}, enabled: false },
];

export interface StageOptions {
  readonly platform?: Platform;
  readonly database?: DatabaseKind | TemporaryDatabase;
  readonly auth?: Partial<AuthModuleOptions & AuthModuleExtras>;
  readonly clock?: Clock;
  readonly revocationTimes?: RevocationTimes;
}

/** An application with a fake provider, and what it has written. */
export class Stage {
  automaticLinking = false;

  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    readonly database: TemporaryDatabase,
    readonly dataSource: DataSource,
    private readonly ownsDatabase: boolean,
  ) {}

  static async open(options: StageOptions = {}): Promise<Stage> {
    const { platform = 'Fastify', database: wanted = 'SQLite', auth, clock = new Clock() } = options;
    const database = typeof wanted === 'string' ? await temporaryDatabase(wanted) : wanted;
    const dataSource = await openDataSource(database.url, PATIENCE_MILLISECONDS);
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const switches = { automatic: () => false };
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({ connectors: [FakeConnector], instances }),
        TokenVaultModule.forRoot({}),
        AuthModule.forRoot({
          baseUrl: url,
          sessionSecret: TEST_SESSION_SECRET,
          signInPage: '/sign-in',
          logto,
          ...auth,
        }),
        PagesModule,
      ],
    })
      .overrideProvider(AUTOMATIC_ACCOUNT_LINKING)
      .useValue(() => Promise.resolve(switches.automatic()))
      .overrideProvider(MANAGEMENT_GUARD)
      .useValue({ canActivate: isAdmin })
      .overrideProvider(Clock)
      .useValue(clock)
      .overrideProvider(REVOCATION_TIMES)
      .useValue(options.revocationTimes ?? PATIENT)
      .compile();
    const app = module.createNestApplication(
      platform === 'Fastify' ? fastifyAdapter() : new PatientExpress(),
      { logger: false, forceCloseConnections: true },
    );
    await app.listen(port, 'localhost');
    const stage = new Stage(app, url, database, dataSource, typeof wanted === 'string');
    switches.automatic = () => stage.automaticLinking;
    return stage;
  }

  async close(): Promise<void> {
    await this.app.close();
    if (this.ownsDatabase) await this.database.drop();
  }

  get provider(): FakeConnector {
    return this.app.get(FakeConnector);
  }

  get clock(): Clock {
    return this.app.get(Clock);
  }

  get<Provider>(token: Type<Provider>): Provider {
    return this.app.get(token);
  }

  run<Result>(action: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.app.get(Transactions).run(action);
  }

  /** The user of whoever comes with this account. */
  signIn(at: IdentityAt): Promise<string> {
    return this.run((manager) => this.app.get(IdentitiesService).signIn(manager, at));
  }

  user(id: string): Promise<User> {
    return this.dataSource.manager.findOneByOrFail(User, { id });
  }

  identities(userId: string): Promise<Identity[]> {
    return this.app.get(IdentitiesService).list(userId);
  }

  audit(): Promise<AuditEntry[]> {
    return this.dataSource.manager.find(AuditEntry, { order: { id: 'ASC' } });
  }
}

const logto = { endpoint: 'http://localhost:1', appId: 'app', appSecret: 'never used' };

const isAdmin = (context: { switchToHttp(): { getRequest(): { headers: Record<string, unknown> } } }) =>
  context.switchToHttp().getRequest().headers['x-admin'] === 'yes';

let subjects = 0;

/** Somebody nobody has seen before, at a provider that is to be believed, unless it says otherwise. */
export const somebody = (
  identity: Partial<ProviderIdentity> = {},
  connectorId = 'alpha',
  rest: Partial<IdentityAt> = {},
): IdentityAt => ({
  connectorId,
  target: connectorId,
  identity: {
    issuer: `https://${connectorId}.test`,
    subject: `subject-${(subjects += 1)}`,
    emailVerified: identity.email !== undefined,
    emailAuthoritative: identity.email !== undefined,
    ...identity,
  },
  ...rest,
});
