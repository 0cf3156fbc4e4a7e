import { ConfigurableModuleBuilder, Module, type DynamicModule, type Type } from '@nestjs/common';
import { CommonModule } from '../common/common.module.js';
import type { Connector } from './connector.js';
import { ConnectorRegistry, type ConnectorInstanceOptions } from './connector.registry.js';
import { CONNECTOR_INSTANCES, CONNECTORS } from './connectors.tokens.js';

export interface ConnectorsModuleOptions {
  readonly instances: readonly ConnectorInstanceOptions[];
}

interface ConnectorsModuleExtras {
  /** One class per provider, yours beside ours; each is a provider of Nest and may inject what it needs. */
  readonly connectors: readonly Type<Connector>[];
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ConnectorsModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras<ConnectorsModuleExtras>({ connectors: [] }, register)
    .build();

/** The connectors and their configured instances. Global: imported once, by the application. */
@Module({
  imports: [CommonModule],
  providers: [
    {
      provide: CONNECTOR_INSTANCES,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ instances }: ConnectorsModuleOptions) => instances,
    },
    ConnectorRegistry,
  ],
  exports: [ConnectorRegistry],
})
export class ConnectorsModule extends ConfigurableModuleClass {}

function register(definition: DynamicModule, { connectors }: ConnectorsModuleExtras): DynamicModule {
  const list = { provide: CONNECTORS, inject: [...connectors], useFactory: (...all: Connector[]) => all };
  return { ...definition, global: true, providers: [...(definition.providers ?? []), ...connectors, list] };
}
