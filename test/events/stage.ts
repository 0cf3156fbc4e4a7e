import 'reflect-metadata';
import { jest } from '@jest/globals';
import {
  Global,
  Module,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ConnectorsModule } from '../../src/connectors/connectors.module.js';
import { Clock } from '../../src/common/clock.js';
import { LatchkeyError } from '../../src/common/errors.js';
import { MANAGEMENT_GUARD } from '../../src/common/management.guard.js';
import { openDataSource } from '../../src/database/data-source.js';
import { Events } from '../../src/events/events.js';
import type { LatchkeyEvent } from '../../src/events/event.js';
import { fastifyAdapter } from '../../src/operations/fastify.js';
import { SealingModule } from '../../src/sealing/sealing.module.js';
import { TokenVaultModule } from '../../src/token-vault/token-vault.module.js';
import { PATIENCE_MILLISECONDS, TEST_VAULT_KEYS, type Platform } from '../support/backend.js';
import { PatientExpress } from '../support/express.js';
import { freePort } from '../support/ports.js';
import type { Receiver } from './receiver.js';

/** Whoever says that they are the administrator is. */
class AdministratorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: { authorization?: string }; user?: unknown }>();
    if (request.headers.authorization !== 'Bearer administrator')
      throw new LatchkeyError('auth.access_token_invalid', 'This is for the administrator.');
    request.user = { id: 'the-administrator' };
    return true;
  }
}

@Global()
@Module({
  providers: [{ provide: MANAGEMENT_GUARD, useClass: AdministratorGuard }],
  exports: [MANAGEMENT_GUARD],
})
class AdministrationModule {}

export interface InstanceOptions {
  readonly databaseUrl: string;
  readonly platform?: Platform;
  /** To where webhooks may lead. */
  readonly receivers?: readonly Pick<Receiver, 'host'>[];
  readonly clock?: Clock;
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
  /** One that is not begun serves nobody and works at nothing: as good as dead after what it is told to do. */
  readonly isBegun?: boolean;
}

/** One process of an application that has imported the vault, and nothing else of Latchkey. */
export interface Instance {
  readonly events: Events;
  readonly clock: Clock;
  readonly dataSource: DataSource;
  readonly logs: string[];
  get<Provided>(token: Type<Provided>): Provided;
  ask(method: string, path: string, body?: unknown, authorization?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly list: Record<string, unknown>[];
}

export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { receivers = [], clock = new Clock(), imports = [], providers = [], isBegun = true } = options;
  const dataSource = await openDataSource(options.databaseUrl, PATIENCE_MILLISECONDS);
  const logs: string[] = [];
  const module = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      AdministrationModule,
      SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
      ConnectorsModule.forRoot({
        instances: [],
        controllers: false,
        privateHosts: receivers.map(({ host }) => host),
      }),
      TokenVaultModule.forRoot({}),
      ...imports,
    ],
    providers: [...providers],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .setLogger(recorder(logs))
    .compile();
  const adapter = options.platform === 'Express' ? new PatientExpress() : fastifyAdapter();
  const app: INestApplication = module.createNestApplication(adapter, { forceCloseConnections: true });
  const port = await freePort();
  if (isBegun) await app.listen(port, '127.0.0.1');
  return {
    events: app.get(Events),
    clock,
    dataSource,
    logs,
    get: (token) => app.get(token),
    ask: (method, path, body, authorization = 'Bearer administrator') =>
      ask(`http://127.0.0.1:${port}/api/${path}`, { method, authorization, body }),
    close: () => (isBegun ? app.close() : dataSource.destroy()),
  };
}

async function ask(
  url: string,
  { method, authorization, body }: { method: string; authorization: string; body: unknown },
): Promise<Answer> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(url, {
    method,
    headers: { authorization, ...type },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: parsed as Answer['body'],
    list: parsed as Answer['list'],
  };
}

function recorder(logs: string[]): LoggerService {
  const record = (...parts: unknown[]) => void logs.push(parts.map(String).join(' '));
  return { log: record, error: record, warn: record, debug: record, verbose: record, fatal: record };
}

export const stored = (userId: string): LatchkeyEvent => ({
  event: 'TokenSet.Stored',
  userId,
  data: { connectorId: 'google', target: 'google', secretId: 'secret-of-a-user' },
});

const LONGEST_WAIT_MILLISECONDS = 60_000;

/** So that whoever waits in vain says for what. */
jest.setTimeout(2 * LONGEST_WAIT_MILLISECONDS);

/** Looks again and again until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
