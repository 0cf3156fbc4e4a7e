import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { HttpClient, type Fetch } from '../../src/common/http-client.js';
import { ConnectorRegistry } from '../../src/connectors/connector.registry.js';
import { ConnectorsModule } from '../../src/connectors/connectors.module.js';
import { WecomConnector } from '../../src/connectors/providers/wecom.connector.js';
import { openDataSource } from '../../src/database/data-source.js';
import { SealingModule } from '../../src/sealing/sealing.module.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { callbackWith } from '../support/round-trip.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { times } from './application-tokens-stage.js';
import { APP_SECRET, BY_ID, CORP, GETTOKEN, good, WHO } from './wecom-stage.js';

const wecom = scriptedProvider({
  [GETTOKEN]: () => good({ access_token: 'the-one-application-token', expires_in: 7200 }),
  [WHO]: ({ query }) => good({ userid: query.get('code') }),
  [BY_ID]: ({ query }) => good({ name: query.get('userid') }),
});

/** A hundred answers at once may take longer than an answer may, where the machine has other things to do. */
class PatientHttpClient extends HttpClient {
  override guarded(): Fetch {
    return (url, init) => fetch(url, init);
  }
}

describe.each(databaseKinds)('two applications that share a database, %s', (kind) => {
  let database: TemporaryDatabase;
  let applications: TestingModule[];

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    applications = [await start(), await start()];
  });
  afterAll(async () => {
    await Promise.all(applications.map((application) => application.close()));
    await database.drop();
  });

  async function start(): Promise<TestingModule> {
    const dataSource = await openDataSource(database.url);
    const config = { ...CORP, appSecret: APP_SECRET, apiEndpoint: wecom.origin };
    const builder = Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({
          connectors: [WecomConnector],
          instances: [{ id: 'wecom', connectorId: 'wecom-universal', config }],
          controllers: false,
        }),
      ],
    });
    const module = await builder.overrideProvider(HttpClient).useClass(PatientHttpClient).compile();
    return module.init();
  }

  const signIn = async (application: TestingModule, code: string) => {
    const { connector, instance } = await application.get(ConnectorRegistry).getEnabled('wecom');
    return (await connector.exchange(instance, callbackWith({ code }))).identity.name;
  };

  it('ask WeCom for one application token for a hundred people at the same time (CE-23)', async () => {
    const codes = times(100, (number) => `code-${number}`);
    const known = await Promise.all(codes.map((code, number) => signIn(applications[number % 2], code)));
    expect(known).toEqual(codes);
    expect(wecom.requestsTo(GETTOKEN)).toHaveLength(1);
    expect(wecom.requestsTo(WHO)).toHaveLength(100);
  });

  it('hand the token, sealed, to one that starts later', async () => {
    await signIn(applications[0], 'Zhang');
    expect((await database.dump()).includes('the-one-application-token')).toBe(false);
    wecom.requests.length = 0;
    const third = await start();
    expect(await signIn(third, 'Li')).toBe('Li');
    await third.close();
    expect(wecom.requestTo(WHO).query.get('access_token')).toBe('the-one-application-token');
    expect(wecom.requestsTo(GETTOKEN)).toHaveLength(0);
  });
});
