import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseGuards, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import {
  AuthModule,
  ConnectorsModule,
  CurrentUser,
  GoogleConnector,
  LatchkeyError,
  openDataSource,
  SealingModule,
  Secret,
  SessionGuard,
  TokenVaultModule,
  TokenVaultService,
} from '../../src/index.js';
import { startSandbox, type Sandbox } from '../../src/testing.js';
import { platforms, TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { freePort } from '../support/ports.js';
import { signInThroughGoogle } from '../support/sandboxed.js';

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
    app = module.createNestApplication(platform === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter(), {
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
