import 'reflect-metadata';
import { jest } from '@jest/globals';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import type { DataSource } from 'typeorm';
import {
  AuditEntry,
  AuditLog,
  AuditModule,
  AuditVerifier,
  Clock,
  openDataSource,
  SealingModule,
  Sealer,
  type AuditEvent,
  type AuditModuleOptions,
  type Verdict,
  type VerificationOptions,
} from '../../src/index.js';
import { PATIENCE_MILLISECONDS, recorder, TEST_VAULT_KEYS } from '../support/backend.js';
import type { TemporaryDatabase } from '../support/databases.js';
import { PatientExpress } from '../support/express.js';

/** Each test has databases of its own, and some start processes. */
jest.setTimeout(120_000);

export interface StageOptions extends AuditModuleOptions {
  readonly keys?: string;
}

/** An application of which nothing is started but the log, on a database that others may use as well. */
export class Stage {
  private constructor(
    readonly app: INestApplicationContext,
    readonly dataSource: DataSource,
    /** Everything that was logged, as it would have been printed. */
    readonly logs: string[],
  ) {}

  static async open(database: TemporaryDatabase, options: StageOptions = {}): Promise<Stage> {
    const { module, dataSource, logs } = await build(database, options);
    return new Stage(await module.init(), dataSource, logs);
  }

  /** The same with a controller, on a port. */
  static async serve(database: TemporaryDatabase, controller: Type) {
    const { module } = await build(database, {}, [controller]);
    const app = module.createNestApplication(new PatientExpress());
    await app.listen(0, 'localhost');
    return { app, url: await app.getUrl(), server: app.getHttpServer() as Server };
  }

  get log(): AuditLog {
    return this.app.get(AuditLog);
  }

  get clock(): Clock {
    return this.app.get(Clock);
  }

  get<Provider>(token: Type<Provider>): Provider {
    return this.app.get(token, { strict: false });
  }

  /** Chains events of that many reads, recorded and noted by turns. */
  async write(number: number, prefix = 'read'): Promise<void> {
    for (let index = 0; index < number; index += 1) {
      if (index % 2 === 0) await this.log.record(eventOf(`${prefix}-${index}`));
      else this.log.note(eventOf(`${prefix}-${index}`));
    }
    await this.log.flush();
  }

  verify(options?: VerificationOptions): Promise<Verdict> {
    return new AuditVerifier(this.dataSource, this.get(Sealer), this.clock).verify(options);
  }

  rows(): Promise<AuditEntry[]> {
    return this.dataSource.manager.find(AuditEntry, { order: { position: 'ASC' } });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

async function build(
  { url }: TemporaryDatabase,
  { keys = TEST_VAULT_KEYS, ...options }: StageOptions,
  controllers: Type[] = [],
) {
  const dataSource = await openDataSource(url, PATIENCE_MILLISECONDS);
  const logs: string[] = [];
  const builder = Test.createTestingModule({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      SealingModule.forRoot({ keys }),
      AuditModule.forRoot(options),
      AuditModule,
    ],
    controllers,
  });
  return { module: await builder.setLogger(recorder(logs)).compile(), dataSource, logs };
}

/** A read, named by what it was for. */
export const eventOf = (purpose: string, userId = 'user00000001'): AuditEvent => ({
  event: 'secret.read',
  outcome: 'done',
  actorId: `client:${purpose}`,
  userId,
  connectorId: 'google',
  purpose,
  statedReason: 'Ünïcode, “quotes” and \n 🙂',
});
