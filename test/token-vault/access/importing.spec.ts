import { afterEach, describe, expect, it } from '@jest/globals';
import { Module, type CanActivate, type ExecutionContext, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  ConnectorsModule,
  MACHINE_GUARD,
  openDataSource,
  requestOf,
  SealingModule,
  Secret,
  TokenGrants,
  TokenVaultModule,
  TokenVaultService,
} from '../../../src/index.js';
import { ask, verdictOf } from '../../connectors/management/stage.js';
import { platforms, TEST_VAULT_KEYS } from '../../support/backend.js';
import { temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { PatientExpress } from '../../support/express.js';
import { READING } from './stage.js';

/** Knows programs by a header, as a mesh or a gateway of the application's own would name them. */
const byHeader: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    const request = requestOf<{ headers: Record<string, string | undefined>; accessToken?: object }>(context);
    const clientId = request.headers['x-client'];
    if (clientId !== undefined) request.accessToken = { clientId };
    return true;
  },
};

const PATH = 'users/auth0%7C42/identities/google/access-token';

@Module({ providers: [{ provide: MACHINE_GUARD, useValue: byHeader }], exports: [MACHINE_GUARD] })
class MeshModule {}

describe.each(platforms)('the vault alone, on %s', (platform) => {
  let database: TemporaryDatabase;
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    await database.drop();
  });

  const start = async (guarded: boolean) => {
    database = await temporaryDatabase('SQLite');
    const dataSource = await openDataSource(database.url);
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: async () => dataSource,
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({ connectors: [], instances: [], controllers: false }),
        TokenVaultModule.forRoot({ path: 'internal' }),
        ...(guarded ? [{ module: MeshModule, global: true }] : []),
      ],
    }).compile();
    app = module.createNestApplication(platform === 'Fastify' ? new FastifyAdapter() : new PatientExpress(), {
      logger: false,
      forceCloseConnections: true,
    });
    await app.listen(0, 'localhost');
    const vault = app.get(TokenVaultService);
    const owner = { userId: 'auth0|42', connectorId: 'google', target: 'google', subject: '1' };
    const granted = { accessToken: new Secret('the token'), tokenType: 'Bearer' };
    await dataSource.transaction((manager) => vault.store(manager, owner, granted));
    await app
      .get(TokenGrants)
      .create({ clientId: 'reports', target: 'google', purpose: READING.purpose }, { actorId: null });
    const url = (await app.getUrl()).replace('[::1]', 'localhost');
    return (headers: Record<string, string>) => ask(`${url}/internal/${PATH}`, 'POST', READING, headers);
  };

  it('lets in the programs that the application’s own guard names, for its own users, at its own path', async () => {
    const read = await start(true);
    expect((await read({ 'x-client': 'reports' })).body).toMatchObject({ access_token: 'the token' });
    expect(verdictOf(await read({ 'x-client': 'support' }))).toBe('403 vault.retrieval_not_granted');
    expect(verdictOf(await read({}))).toBe('403 auth.forbidden');
  });

  it('lets no program in where the application has no guard for them (MA-01)', async () => {
    const read = await start(false);
    expect(verdictOf(await read({ 'x-client': 'reports' }))).toBe('401 auth.authorization_header_missing');
  });
});
