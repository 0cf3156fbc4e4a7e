import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Session } from '../../../src/auth/session/session.entity.js';
import { HttpClient } from '../../../src/common/http-client.js';
import { Transactions } from '../../../src/identities/transactions.js';
import {
  AUTOMATIC_ACCOUNT_LINKING,
  AuthModule,
  ConnectorsModule,
  IdentitiesService,
  Identity,
  openDataSource,
  ourConnectors,
  SealingModule,
  TokenVaultModule,
  User,
} from '../../../src/index.js';
import { fastifyAdapter } from '../../../src/operations/fastify.js';
import { PATIENCE_MILLISECONDS, TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';
import { instances, logto, Providers, type Account } from './providers.js';

const LONG_AGO = 1_700_000_000;
const ROWS_OF_PEOPLE = ['sessions', 'logto_sessions', 'transactions', 'identities', 'users'];

/** What a browser has come back with. */
export interface Arrival {
  readonly status: number;
  readonly code: unknown;
  /** Whose session it has, if it has one. */
  readonly signedInAs: unknown;
}

/** An application with every connector, whose people are all forgotten between two sign-ins. */
export class TakeoverApplication {
  private constructor(
    private readonly app: INestApplication,
    private readonly url: string,
    private readonly database: TemporaryDatabase,
    private readonly dataSource: DataSource,
    private readonly providers: Providers,
    private readonly switches: { automatic: boolean },
  ) {}

  static async open(): Promise<TakeoverApplication> {
    const database = await temporaryDatabase('SQLite');
    const dataSource = await openDataSource(database.url, PATIENCE_MILLISECONDS);
    await dataSource.query('PRAGMA synchronous = OFF');
    const [port, providers, switches] = [await freePort(), await Providers.create(), { automatic: false }];
    const url = `http://localhost:${port}`;
    const module = await moduleOf(dataSource, url)
      .overrideProvider(AUTOMATIC_ACCOUNT_LINKING)
      .useValue(() => Promise.resolve(switches.automatic))
      .compile();
    const options = { logger: false, forceCloseConnections: true } as const;
    const app = module.createNestApplication(fastifyAdapter(), options);
    Object.assign(app.get(HttpClient), { fetch: providers.fetch, guarded: () => providers.fetch });
    await app.listen(port, 'localhost');
    return new TakeoverApplication(app, url, database, dataSource, providers, switches);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }

  set automatic(isOn: boolean) {
    this.switches.automatic = isOn;
  }

  async forgetEverybody(): Promise<void> {
    for (const table of ROWS_OF_PEOPLE) await this.dataSource.query(`DELETE FROM latchkey_${table}`);
  }

  /** Somebody who came long ago from another provider, with what that said of the address. */
  async victim(
    email: string,
    word: { emailVerified: boolean; emailAuthoritative: boolean },
  ): Promise<string> {
    const identity = {
      issuer: 'https://elsewhere.invalid',
      subject: 'victim',
      email,
      name: 'Victim',
      ...word,
    };
    const at = { connectorId: 'elsewhere', target: 'elsewhere', identity };
    const id = await this.app
      .get(Transactions)
      .run((manager) => this.app.get(IdentitiesService).signIn(manager, at));
    await this.dataSource.manager.update(User, { id }, { lastSignInAt: LONG_AGO });
    await this.dataSource.manager.update(Identity, { userId: id }, { lastUsedAt: LONG_AGO });
    return id;
  }

  /** A whole sign-in of the account's owner, in a browser of their own. */
  async signIn(connector: string, account: Account): Promise<Arrival> {
    const browser = new Browser();
    this.providers.play(account);
    const isLogto = connector === 'logto';
    const start = isLogto ? '/auth/sign-in' : `/auth/social/${connector}`;
    const { headers } = await browser.request(this.url + start);
    const { searchParams } = new URL(headers.get('location') ?? 'nowhere:');
    this.providers.nonce = searchParams.get('nonce') ?? '';
    const query = new URLSearchParams({ code: 'code', state: searchParams.get('state') ?? '' });
    const callback = isLogto ? '/auth/callback' : `/callback/${connector}`;
    const { status, body } = await browser.json(`${this.url}${callback}?${query.toString()}`);
    const me = await browser.json(`${this.url}/api/me`);
    return { status, code: body['code'], signedInAs: me.status === 200 ? me.body['id'] : undefined };
  }

  /** All that is kept of a user. */
  async kept(userId: string): Promise<{ user: User | null; identities: Identity[] }> {
    const { manager } = this.dataSource;
    const identities = await manager.find(Identity, { where: { userId }, order: { createdAt: 'ASC' } });
    return { user: await manager.findOneBy(User, { id: userId }), identities };
  }

  /** How many users, identities and sessions there are. */
  async counts(): Promise<number[]> {
    const { manager } = this.dataSource;
    return Promise.all([User, Identity, Session].map((entity) => manager.count<object>(entity)));
  }
}

const moduleOf = (dataSource: DataSource, baseUrl: string) =>
  Test.createTestingModule({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
      ConnectorsModule.forRoot({ connectors: ourConnectors, instances }),
      TokenVaultModule.forRoot({}),
      AuthModule.forRoot({ baseUrl, sessionSecret: TEST_SESSION_SECRET, logto }),
    ],
  });
