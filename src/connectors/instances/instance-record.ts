import type { ErrorCode } from '../../common/errors.js';
import type { Connector } from '../connector.js';
import { secretFieldsOf, without, type ConnectorConfig } from './connector-config.js';
import { configuredSecretsOf, metadataOf, type ConnectorMetadata } from './connector-metadata.js';
import type { GivenInstance } from './given-instances.js';
import type { StoredInstance } from './instance.factory.js';

/** What administrators see of an instance: everything but its secrets. */
export interface InstanceRecord {
  readonly id: string;
  readonly connectorId: string;
  readonly target: string;
  /** Absent where no such kind is registered (any more). */
  readonly connector?: Connector;
  readonly config: ConnectorConfig;
  readonly configuredSecrets: readonly string[];
  readonly metadata: ConnectorMetadata;
  readonly syncProfile: boolean;
  readonly enableTokenStorage: boolean;
  readonly enabled: boolean;
  /** Stands in code or environment, and is changed there. */
  readonly isReadOnly: boolean;
  /** 0 for those that are read-only. */
  readonly version: number;
  /** Why it cannot be used, where it cannot. */
  readonly brokenBy?: ErrorCode;
}

export function recordOfGiven({ options, connector, instance }: GivenInstance): InstanceRecord {
  const { id, target, enableTokenStorage, syncProfile, enabled } = instance;
  const config = instance.config as ConnectorConfig;
  const secrets = secretFieldsOf(connector);
  return {
    id,
    connectorId: connector.descriptor.id,
    target,
    connector,
    config: without(config, secrets),
    configuredSecrets: secrets.filter((name) => config[name] !== undefined),
    metadata: {
      ...(options.target !== undefined && { target }),
      ...(options.name !== undefined && { name: { en: options.name } }),
    },
    syncProfile,
    enableTokenStorage,
    enabled,
    isReadOnly: true,
    version: 0,
  };
}

export function recordOfStored(stored: StoredInstance, connector: Connector | undefined): InstanceRecord {
  const { row } = stored;
  const { id, connectorId, target, syncProfile, enableTokenStorage, enabled, version } = row;
  return {
    ...{ id, connectorId, target, syncProfile, enableTokenStorage, enabled, version },
    connector,
    config: openPartOf(row.config, connector),
    configuredSecrets: configuredSecretsOf(row),
    metadata: metadataOf(row),
    isReadOnly: false,
    brokenBy: stored.configured ? undefined : stored.brokenBy,
  };
}

/** Without what has become a secret since it was written. */
function openPartOf(text: string, connector: Connector | undefined): ConnectorConfig {
  try {
    const config = JSON.parse(text) as ConnectorConfig;
    return connector ? without(config, secretFieldsOf(connector)) : config;
  } catch {
    return {};
  }
}
