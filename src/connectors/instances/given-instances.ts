import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { PRIVATE_HOSTS } from '../../common/private-addresses.js';
import { ConfigurationError } from '../../config/configuration.error.js';
import type { ConfiguredConnector, ConnectorInstanceOptions } from '../connector.registry.js';
import { CONNECTOR_INSTANCES } from '../connectors.tokens.js';
import { ConnectorKinds } from './connector-kinds.js';
import { INSTANCE_ID, instanceOf, RESERVED, TARGET } from './instance.js';

/** An instance that stands in code or environment, together with what was given for it. */
export interface GivenInstance extends ConfiguredConnector {
  readonly options: ConnectorInstanceOptions;
}

type Problem = (what: string) => ConfigurationError;

/**
 * The instances of code and environment, in their order. They are looked at once all modules have added their kinds;
 * a bad one is a {@link ConfigurationError} at the start.
 */
@Injectable()
export class GivenInstances implements OnModuleInit {
  private configured?: ReadonlyMap<string, GivenInstance>;

  constructor(
    private readonly kinds: ConnectorKinds,
    @Inject(CONNECTOR_INSTANCES) private readonly options: readonly ConnectorInstanceOptions[],
    @Inject(PRIVATE_HOSTS) private readonly privateHosts: readonly string[],
  ) {}

  onModuleInit(): void {
    this.all();
  }

  all(): ReadonlyMap<string, GivenInstance> {
    return (this.configured ??= this.configure());
  }

  private configure(): Map<string, GivenInstance> {
    const configured = new Map<string, GivenInstance>();
    for (const options of this.options) {
      const problem = (what: string) => new ConfigurationError(`connector instance "${options.id}" ${what}`);
      if (configured.has(options.id)) throw problem('is configured twice');
      configured.set(options.id, this.instantiate(options, problem));
    }
    return configured;
  }

  private instantiate(options: ConnectorInstanceOptions, problem: Problem): GivenInstance {
    const { id, target, connectorId } = options;
    const connector = this.kinds.find(connectorId);
    if (!connector) throw problem(`is of an unknown kind, "${connectorId}"`);
    if (!INSTANCE_ID.test(id)) throw problem('has an id that does not fit into a URL');
    if (target !== undefined && !TARGET.test(target))
      throw problem('has a target that does not fit into a URL');
    if (id === RESERVED || target === RESERVED) throw problem(`is called "${RESERVED}", which is taken`);
    const config = connector.configSchema.safeParse(options.config);
    if (!config.success)
      throw problem(`has a bad ${config.error.issues.map(({ path }) => path.join('.')).join(', ')}`);
    const hosts = [...hostsIn(config.data), ...(options.privateHosts ?? []), ...this.privateHosts];
    return { options, connector, instance: instanceOf(connector, options, config.data, hosts) };
  }
}

/** Whoever configures an instance in code has chosen the hosts that it names. */
function hostsIn(config: unknown): string[] {
  const values = typeof config === 'object' && config !== null ? Object.values(config) : [];
  return values.flatMap((value) =>
    typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) ? [new URL(value).host] : [],
  );
}
