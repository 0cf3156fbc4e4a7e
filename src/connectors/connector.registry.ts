import { Inject, Injectable } from '@nestjs/common';
import { ConfigurationError } from '../config/configuration.error.js';
import { LatchkeyError } from '../common/errors.js';
import type { Connector, ConnectorInstance } from './connector.js';
import { CONNECTOR_INSTANCES, CONNECTORS } from './connectors.tokens.js';

/** An instance as an application configures it; absent parts come from the connector's descriptor. */
export interface ConnectorInstanceOptions {
  /** Part of the callback URL, `/callback/:id`: letters, digits, `-` and `_`. */
  readonly id: string;
  /** The kind, by its descriptor's id: `google-universal`. */
  readonly connectorId: string;
  readonly config: unknown;
  /** Default: false. */
  readonly enableTokenStorage?: boolean;
  readonly name?: string;
  /** A connector that is switched off starts no round trip and finishes none; what its tokens are good for goes on. Default: true. */
  readonly enabled?: boolean;
}

/** An instance together with the connector that speaks for it. */
export interface ConfiguredConnector {
  readonly instance: ConnectorInstance;
  readonly connector: Connector;
}

/** Every configured connector, in the order of configuration, by instance id. */
@Injectable()
export class ConnectorRegistry {
  private readonly configured: ReadonlyMap<string, ConfiguredConnector>;

  constructor(
    @Inject(CONNECTORS) connectors: readonly Connector[],
    @Inject(CONNECTOR_INSTANCES) instances: readonly ConnectorInstanceOptions[],
  ) {
    this.configured = configure(connectors, instances);
  }

  /** Those that are switched on. */
  list(): ConfiguredConnector[] {
    return [...this.configured.values()].filter(({ instance }) => instance.enabled);
  }

  /** Throws `connector.not_found`. */
  get(instanceId: string): ConfiguredConnector {
    const found = this.configured.get(instanceId);
    if (!found) throw new LatchkeyError('connector.not_found', 'There is no such connector.');
    return found;
  }

  /** The same for a round trip to the provider. Throws `connector.disabled` too. */
  getEnabled(instanceId: string): ConfiguredConnector {
    const found = this.get(instanceId);
    if (!found.instance.enabled)
      throw new LatchkeyError('connector.disabled', 'This connector is switched off.');
    return found;
  }

  /** The configured connector, or nothing where it has been removed since. */
  find(instanceId: string): ConfiguredConnector | undefined {
    return this.configured.get(instanceId);
  }
}

function configure(
  connectors: readonly Connector[],
  instances: readonly ConnectorInstanceOptions[],
): Map<string, ConfiguredConnector> {
  const kinds = new Map(connectors.map((connector) => [connector.descriptor.id, connector]));
  if (kinds.size !== connectors.length)
    throw new ConfigurationError('two connectors have the same descriptor id');
  const configured = new Map<string, ConfiguredConnector>();
  for (const options of instances) {
    const connector = kinds.get(options.connectorId);
    const problem = (what: string) => new ConfigurationError(`connector instance "${options.id}" ${what}`);
    if (!connector) throw problem(`is of an unknown kind, "${options.connectorId}"`);
    if (!/^[\w-]{1,64}$/.test(options.id)) throw problem('has an id that does not fit into a URL');
    if (configured.has(options.id)) throw problem('is configured twice');
    const config = connector.configSchema.safeParse(options.config);
    if (!config.success)
      throw problem(`has a bad ${config.error.issues.map(({ path }) => path.join('.')).join(', ')}`);
    configured.set(options.id, { connector, instance: instanceOf(options, connector, config.data) });
  }
  return configured;
}

const instanceOf = (
  options: ConnectorInstanceOptions,
  { descriptor }: Connector,
  config: unknown,
): ConnectorInstance => ({
  id: options.id,
  target: descriptor.target,
  name: options.name ?? descriptor.name,
  config,
  enableTokenStorage: options.enableTokenStorage ?? false,
  enabled: options.enabled ?? true,
});
