import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CommonModule } from '../common/common.module.js';
import { mount } from '../common/mount.js';
import { PRIVATE_HOSTS } from '../common/private-addresses.js';
import { ApplicationToken } from './application-tokens/application-token.entity.js';
import { ApplicationTokenStore } from './application-tokens/application-token.store.js';
import { ApplicationTokens } from './application-tokens/application-tokens.js';
import type { Connector } from './connector.js';
import { ConnectorRegistry, type ConnectorInstanceOptions } from './connector.registry.js';
import { CONNECTOR_INSTANCES, NOTIFICATIONS_URL } from './connectors.tokens.js';
import { ConnectorConfigSealer } from './instances/connector-config.sealer.js';
import { ConnectorInstances } from './instances/connector-instances.js';
import { ConnectorKinds } from './instances/connector-kinds.js';
import { ConnectorStore } from './instances/connector.store.js';
import { FormerConnector } from './instances/former-connector.entity.js';
import { FormerInstances } from './instances/former-instances.js';
import { GivenInstances } from './instances/given-instances.js';
import { InstanceDrafts } from './instances/instance-drafts.js';
import { InstanceFactory } from './instances/instance.factory.js';
import { SignInExperience } from './instances/sign-in-experience.js';
import { StoredSignInExperience } from './instances/sign-in-experience.entity.js';
import { SignInExperienceStore } from './instances/sign-in-experience.store.js';
import { StoredConnector } from './instances/stored-connector.entity.js';
import { StoredInstances } from './instances/stored-instances.js';
import { ConnectorFactoriesController } from './management/connector-factories.controller.js';
import { ConnectorsController } from './management/connectors.controller.js';
import { DryRun } from './management/dry-run.js';
import { EntityTags } from './management/entity-tags.js';
import { ManagementAudit } from './management/management-audit.js';
import { SignInExperienceController } from './management/sign-in-experience.controller.js';
import { DataDeletion } from './notifications/data-deletion.entity.js';
import { DataDeletions } from './notifications/data-deletions.js';
import { HeardNotification } from './notifications/heard-notification.entity.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { Notifications } from './notifications/notifications.js';

export interface ConnectorsModuleOptions {
  /** Those that stand in code: administrators see them, and change others beside them. */
  readonly instances: readonly ConnectorInstanceOptions[];
  /**
   * Hosts at private addresses, `name:port` (without the port where it is the scheme's own), that every instance may
   * talk to, and webhooks may be sent to. One that stands in code may talk to the hosts of its own configuration anyway. Default: none.
   */
  readonly privateHosts?: readonly string[];
  /** Where the application is reached from outside, such as `https://example.com`: a part of what Facebook is told. */
  readonly baseUrl?: string;
}

interface ConnectorsModuleExtras {
  /** One class per provider, yours beside ours; each is a provider of Nest and may inject what it needs. */
  readonly connectors: readonly Type<Connector>[];
  /** Whether the management routes are served. They need a {@link MANAGEMENT_GUARD}. Default: true. */
  readonly controllers: boolean;
  /** Where they are, before `connectors`; the same as `AuthModule`'s `paths.api`. Default: `api`. */
  readonly path: string;
  /** Where providers tell us something, before `/:connectorId`. Default: `notifications`. */
  readonly notificationsPath: string;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ConnectorsModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras<ConnectorsModuleExtras>(
      { connectors: [], controllers: true, path: 'api', notificationsPath: 'notifications' },
      register,
    )
    .build();

const exported = [
  ConnectorRegistry,
  ConnectorKinds,
  ConnectorInstances,
  FormerInstances,
  Notifications,
  SignInExperience,
  ApplicationTokens,
];

/** The connectors and their instances. Needs `SealingModule`. Global: imported once, by the application. */
@Module({
  imports: [
    CommonModule,
    AuditModule,
    TypeOrmModule.forFeature([
      StoredConnector,
      FormerConnector,
      StoredSignInExperience,
      ApplicationToken,
      HeardNotification,
      DataDeletion,
    ]),
  ],
  providers: [
    {
      provide: CONNECTOR_INSTANCES,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ instances }: ConnectorsModuleOptions) => instances,
    },
    {
      provide: PRIVATE_HOSTS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: ({ privateHosts = [] }: ConnectorsModuleOptions) => privateHosts,
    },
    ...exported,
    GivenInstances,
    StoredInstances,
    InstanceFactory,
    InstanceDrafts,
    ConnectorConfigSealer,
    ConnectorStore,
    SignInExperienceStore,
    ApplicationTokenStore,
    DataDeletions,
    DryRun,
    EntityTags,
    ManagementAudit,
  ],
  exports: [...exported, PRIVATE_HOSTS],
})
export class ConnectorsModule extends ConfigurableModuleClass {
  /**
   * Adds the connectors of a feature to those of the application, in whatever order the modules are imported. Throws
   * {@link ConfigurationError} for a descriptor id that is taken.
   */
  static forFeature(connectors: readonly Type<Connector>[]): DynamicModule {
    return { module: ConnectorsFeatureModule, imports: [CommonModule], providers: adding(connectors) };
  }
}

@Module({})
class ConnectorsFeatureModule {}

function register(
  definition: DynamicModule,
  { connectors, controllers, path, notificationsPath }: ConnectorsModuleExtras,
): DynamicModule {
  return {
    ...definition,
    global: true,
    controllers: controllers ? controllersAt(path, notificationsPath) : [],
    providers: [
      ...(definition.providers ?? []),
      ...adding(connectors),
      {
        provide: NOTIFICATIONS_URL,
        inject: [MODULE_OPTIONS_TOKEN],
        useFactory: ({ baseUrl }: ConnectorsModuleOptions) => baseUrl && `${baseUrl}/${notificationsPath}`,
      },
    ],
  };
}

/** Nest makes every provider there is before any of them is told that the application is ready. */
const adding = (connectors: readonly Type<Connector>[]): Provider[] => [
  ...connectors,
  {
    provide: Symbol('latchkey:added-connectors'),
    inject: [ConnectorKinds, ...connectors],
    useFactory: (kinds: ConnectorKinds, ...added: Connector[]) => kinds.add(added),
  },
];

const controllersAt = (path: string, notificationsPath: string): Type[] => [
  mount(`${path}/connector-factories`, ConnectorFactoriesController),
  mount(`${path}/connectors`, ConnectorsController),
  mount(`${path}/sign-in-exp`, SignInExperienceController),
  mount(notificationsPath, NotificationsController),
];
