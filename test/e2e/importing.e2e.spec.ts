import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  UseGuards,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import {
  AuthModule,
  ConnectorsModule,
  CsrfGuard,
  CurrentUser,
  GoogleConnector,
  LatchkeyError,
  LinkingPolicy,
  type LinkingDecision,
  LogtoStrategy,
  type LogtoUser,
  openDataSource,
  SealingModule,
  Secret,
  SessionGuard,
  TokenVaultModule,
  TokenVaultService,
  User,
} from '../../src/index.js';
import { startSandbox, type Sandbox } from '../../src/testing.js';
import { platforms, TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';
import { freePort } from '../support/ports.js';
import { signInThroughGoogle, signInThroughLogto } from '../support/sandboxed.js';

/** Somebody else's application: controllers of its own, errors of its own, no pages and no global guard of ours. */
@Controller('calendar')
class CalendarController {
  constructor(private readonly vault: TokenVaultService) {}

  @Get()
  @UseGuards(SessionGuard)
  async events(@CurrentUser() user: CurrentUser) {
    const { accessToken } = await this.vault.read(user.id, 'google');
    return { owner: user.email, token: accessToken.reveal().slice(0, 5) };
  }

  @Get('open')
  open() {
    return { open: true };
  }

  @Get('broken')
  broken() {
    throw new Error('an error of the application itself');
  }
}

describe.each(platforms)('an application on %s that imports the modules', (platform) => {
  let database: TemporaryDatabase;
  let dataSource: DataSource;
  let sandbox: Sandbox;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    sandbox = await startSandbox({ port: await freePort(), applicationUrl: url });
    database = await temporaryDatabase('SQLite');
    dataSource = await openDataSource(database.url);

    @Module({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: async () => dataSource,
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRootAsync({
          connectors: [GoogleConnector],
          useFactory: () => ({
            instances: [
              {
                id: 'google',
                connectorId: 'google-universal',
                config: sandbox.google,
                enableTokenStorage: true,
              },
            ],
          }),
        }),
        TokenVaultModule.forRoot({}),
        AuthModule.forRoot({ baseUrl: url, sessionSecret: TEST_SESSION_SECRET, logto: sandbox.logto }),
      ],
      controllers: [CalendarController],
    })
    class Application {}

    const module = await Test.createTestingModule({ imports: [Application] }).compile();
    app = module.createNestApplication(platform === 'Fastify' ? new FastifyAdapter() : new PatientExpress(), {
      logger: false,
    });
    await app.listen(port, 'localhost');
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.drop();
  });

  it('guards the controllers that it wants guarded, and no others', async () => {
    const browser = new Browser();
    expect(await browser.json(`${url}/calendar`)).toMatchObject({
      status: 401,
      body: { code: 'auth.unauthorized' },
    });
    expect(await browser.json(`${url}/calendar/open`)).toMatchObject({ status: 200 });
    expect(await browser.json(`${url}/api/me`)).toMatchObject({ status: 401 });
    expect(await browser.json(`${url}/api/my-account/identities/google/access-token`)).toMatchObject({
      status: 401,
    });
  });

  it('reads a provider token in its own handler', async () => {
    const browser = new Browser();
    await signInThroughGoogle(browser, { url }, 'alice', '?return_to=/calendar/open');
    expect((await browser.json(`${url}/api/me`)).body).toMatchObject({ email: 'alice@example.test' });
    expect((await browser.json(`${url}/api/my-account/identities/google/access-token`)).status).toBe(200);
    expect(await browser.json(`${url}/calendar`)).toMatchObject({
      status: 200,
      body: { owner: 'alice@example.test', token: 'ya29.' },
    });
  });

  it('sees our errors with their statuses, and keeps its own', async () => {
    const browser = new Browser();
    expect(await browser.json(`${url}/auth/callback?code=x&state=y`)).toMatchObject({
      status: 400,
      body: { code: 'auth.state_invalid' },
    });
    expect(await browser.json(`${url}/calendar/broken`)).toMatchObject({
      status: 500,
      body: { statusCode: 500 },
    });
  });
});

describe('an application that imports the modules in its own way', () => {
  const start = async (
    extras: Partial<Parameters<typeof AuthModule.forRoot>[0]>,
    controllers: Type[] = [],
  ) => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const sandbox = await startSandbox({ port: await freePort(), applicationUrl: url });
    const database = await temporaryDatabase('SQLite');
    const dataSource = await openDataSource(database.url);
    const auth = { baseUrl: url, sessionSecret: TEST_SESSION_SECRET, logto: sandbox.logto };
    const closeTheRest = async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await sandbox.close();
      await database.drop();
    };
    try {
      const module = await Test.createTestingModule({
        imports: [
          TypeOrmModule.forRootAsync({
            useFactory: () => dataSource.options,
            dataSourceFactory: async () => dataSource,
          }),
          SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
          ConnectorsModule.forRoot({ connectors: [], instances: [] }),
          TokenVaultModule.forRoot({ controllers: false }),
          AuthModule.forRoot({ ...auth, ...extras }),
        ],
        controllers,
      }).compile();
      const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
      await app.listen(port, 'localhost');
      const close = async () => {
        await app.close();
        await closeTheRest();
      };
      return { url, close };
    } catch (error) {
      await closeTheRest();
      throw error;
    }
  };

  it('decides by its own policy to whom an unknown account belongs', async () => {
    @Injectable()
    class OneForAll extends LinkingPolicy {
      private readonly owners = new Map<string, string>();
      override async decide(manager: EntityManager): Promise<LinkingDecision> {
        const [first] = await manager.find(User);
        const userId = first?.id ?? this.owners.get('nobody');
        return userId === undefined
          ? { action: 'create', reason: 'the_first' }
          : { action: 'link', userId, reason: 'one_for_all' };
      }
    }
    const { url, close } = await start({ linkingPolicy: OneForAll });
    const ids = [];
    for (const persona of ['alice', 'bob']) {
      const browser = new Browser();
      await signInThroughLogto(browser, { url }, persona);
      ids.push((await browser.json(`${url}/api/me`)).body['id']);
    }
    await close();
    expect(ids[0]).toMatch(/^[0-9a-z]{12}$/);
    expect(ids[1]).toBe(ids[0]);
  });

  it('refuses people from Logto by its own strategy', async () => {
    @Injectable()
    class OnlyAlice extends LogtoStrategy {
      override validate(user: LogtoUser): LogtoUser {
        if (user.identity.email === 'alice@example.test') return user;
        throw new LatchkeyError('auth.access_denied', 'Alice alone.');
      }
    }
    const { url, close } = await start({ strategy: OnlyAlice });
    const [alice, bob] = [new Browser(), new Browser()];
    await signInThroughLogto(alice, { url }, 'alice');
    const refused = await signInThroughLogto(bob, { url }, 'bob');
    const statuses = [
      (await alice.json(`${url}/api/me`)).status,
      refused.status,
      (await bob.json(`${url}/api/me`)).status,
    ];
    await close();
    expect(statuses).toEqual([200, 403, 401]);
  });

  it('lets nothing through a CSRF guard that was put before the session guard', async () => {
    @Controller('forms')
    @UseGuards(CsrfGuard)
    class FormsController {
      @Post()
      @UseGuards(SessionGuard)
      submit() {
        return { done: true };
      }
    }
    const { url, close } = await start({}, [FormsController]);
    const browser = new Browser();
    await signInThroughLogto(browser, { url });
    const { status } = await browser.json(`${url}/forms`, { method: 'POST' });
    await close();
    expect(status).toBe(500);
  });

  it.each([
    ['a base URL with a slash', { baseUrl: 'http://localhost:1/' }, /baseUrl must be an origin/],
    ['a short session secret', { sessionSecret: 'hush' }, /sessionSecret must have at least 32/],
    [
      'no Logto endpoint',
      { logto: { endpoint: '', appId: 'a', appSecret: 'hush' } },
      /logto.endpoint must be an origin/,
    ],
  ])('does not start with %s', async (_, options, message) => {
    await expect(start(options)).rejects.toThrow(message);
    await expect(start(options)).rejects.not.toThrow(/hush/);
  });

  it('does not start without keys', async () => {
    const database = await temporaryDatabase('SQLite');
    const dataSource = await openDataSource(database.url);
    const module = Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: async () => dataSource,
        }),
        SealingModule.forRoot({ keys: undefined }),
      ],
    });
    await expect(module.compile()).rejects.toThrow(/SealingModule: keys are required/);
    await dataSource.destroy();
    await database.drop();
  });
});

describe.each(databaseKinds)('the vault alone on %s, in an application with users of its own', (kind) => {
  it('stores and reads token sets by the application’s user ids', async () => {
    const database = await temporaryDatabase(kind);
    const dataSource = await openDataSource(database.url);
    const config = { clientId: 'a', clientSecret: 'b' };
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: async () => dataSource,
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({
          connectors: [GoogleConnector],
          instances: [{ id: 'google', connectorId: 'google-universal', config }],
        }),
        TokenVaultModule.forRoot({ controllers: false }),
      ],
    }).compile();
    await module.init();
    try {
      const vault = module.get(TokenVaultService);
      const userId = '018f4d2e-7a31-7cc0-9a55-1f2f6c0f9b10';
      const owner = { userId, connectorId: 'google', target: 'google', subject: '42' };
      const tokenSet = { accessToken: new Secret('the token'), tokenType: 'Bearer', scope: ['openid'] };
      await dataSource.transaction((manager) => vault.store(manager, owner, tokenSet));
      expect((await vault.read(userId, 'google')).accessToken.reveal()).toBe('the token');
      expect(await vault.list(userId)).toMatchObject([
        { target: 'google', status: 'active', hasRefreshToken: false, expiresAt: null },
      ]);
      await expect(vault.read('somebody else', 'google')).rejects.toThrow(LatchkeyError);
    } finally {
      await module.close();
      await database.drop();
    }
  });
});
