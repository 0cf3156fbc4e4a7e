import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { HttpClient } from '../common/http-client.js';
import { randomState, randomToken } from '../common/random.js';
import type { AuthorizationRequest } from '../connectors/connector.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../connectors/connector.registry.js';
import { ConnectorsModule } from '../connectors/connectors.module.js';
import { openDataSource } from '../database/data-source.js';
import { Keyring } from '../sealing/keyring.js';
import { SealingModule } from '../sealing/sealing.module.js';
import { TokenVaultModule } from '../token-vault/token-vault.module.js';
import { FakeProvider } from './fake-provider.js';
import type { ConformanceSubject } from './subject.js';

export const INSTANCE_ID = 'conformance';

/** Makes an application that is not initialised yet; this is where the platform is chosen. */
export type CreateApplication = (module: DynamicModule) => Promise<INestApplication>;

/** An application whose only connector is the one under test, with a database of its own. */
export interface Stage {
  readonly url: string;
  readonly app: INestApplication;
  readonly provider: FakeProvider;
  readonly configured: ConfiguredConnector;
  close(): Promise<void>;
}

const BASE_URL = 'http://conformance.localhost';

export async function openStage(subject: ConformanceSubject, create: CreateApplication): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-conformance-'));
  const dataSource = await openDataSource(`sqlite:${join(folder, 'kit.sqlite')}`);
  const app = await create(applicationOf(subject, dataSource));
  const provider = new FakeProvider(subject);
  Object.assign(app.get(HttpClient), { fetch: unguarded, guarded: () => provider.fetch });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const close = async (): Promise<void> => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  };
  const configured = await app.get(ConnectorRegistry).get(INSTANCE_ID);
  return { url: `http://127.0.0.1:${port}`, app, provider, configured, close };
}

const unguarded = (): Promise<never> =>
  Promise.reject(new Error('a connector goes out by HttpClient.guarded(instance.privateHosts)'));

/** The secrets of a new round trip, which the provider is told of. */
export function newRound(
  { provider }: Stage,
  further: Partial<AuthorizationRequest> = {},
): AuthorizationRequest {
  const round = {
    redirectUri: `${BASE_URL}/callback/${INSTANCE_ID}`,
    state: randomState(),
    nonce: randomToken(),
    codeVerifier: randomToken(),
    ...further,
  };
  provider.round = round;
  return round;
}

@Module({})
class ConformanceApplication {}

function applicationOf({ connector, instance }: ConformanceSubject, dataSource: DataSource): DynamicModule {
  const keys = Keyring.parse(`kit:${randomBytes(32).toString('base64')}`);
  const configured = { ...instance, id: INSTANCE_ID };
  return {
    module: ConformanceApplication,
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      SealingModule.forRoot({ keys }),
      ConnectorsModule.forRoot({ connectors: [connector], instances: [configured] }),
      TokenVaultModule.forRoot({}),
      AuthModule.forRoot({
        baseUrl: BASE_URL,
        sessionSecret: randomToken(),
        logto: { endpoint: 'https://logto.invalid', appId: 'conformance', appSecret: 'conformance' },
      }),
    ],
  };
}

export const createApplication: CreateApplication = (module) =>
  NestFactory.create(module, { logger: false, abortOnError: false });
