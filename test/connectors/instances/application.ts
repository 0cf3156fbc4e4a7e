import 'reflect-metadata';
import { ConsoleLogger, type ModuleMetadata, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { Connector } from '../../../src/connectors/connector.js';
import {
  ConnectorRegistry,
  type ConnectorInstanceOptions,
} from '../../../src/connectors/connector.registry.js';
import { ConnectorsModule } from '../../../src/connectors/connectors.module.js';
import { ConnectorInstances } from '../../../src/connectors/instances/connector-instances.js';
import { Clock } from '../../../src/common/clock.js';
import { openDataSource } from '../../../src/database/data-source.js';
import { SealingModule } from '../../../src/sealing/sealing.module.js';
import { PATIENCE_MILLISECONDS, TEST_VAULT_KEYS } from '../../support/backend.js';
import { TinyConnector } from './tiny.connector.js';

export interface ProcessOptions {
  readonly connectors?: readonly Type<Connector>[];
  readonly instances?: readonly ConnectorInstanceOptions[];
  readonly keys?: string;
  /** Imported before the connectors, and after them. */
  readonly before?: ModuleMetadata['imports'];
  readonly after?: ModuleMetadata['imports'];
}

/** One process of an application that has connectors and nothing else. */
export interface Process {
  readonly registry: ConnectorRegistry;
  readonly instances: ConnectorInstances;
  readonly clock: Clock;
  readonly dataSource: DataSource;
  readonly module: TestingModule;
  close(): Promise<void>;
}

export async function startProcess(databaseUrl: string, options: ProcessOptions = {}): Promise<Process> {
  const { connectors = [TinyConnector], instances = [], before = [], after = [] } = options;
  const dataSource = await openDataSource(databaseUrl, PATIENCE_MILLISECONDS);
  try {
    const module = await Test.createTestingModule({
      imports: [
        ...before,
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys: options.keys ?? TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({ connectors, instances, controllers: false }),
        ...after,
      ],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    await module.init();
    const [registry, its, clock] = [ConnectorRegistry, ConnectorInstances, Clock].map((token: Type) =>
      module.get<unknown>(token),
    ) as [ConnectorRegistry, ConnectorInstances, Clock];
    return { registry, instances: its, clock, dataSource, module, close: () => module.close() };
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}

export const tiny = (id: string, config: object = {}) => ({
  id,
  connectorId: 'tiny-universal',
  config: { clientId: 'an id', clientSecret: 'a secret', ...config },
});
