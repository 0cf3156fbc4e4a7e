import { Injectable } from '@nestjs/common';
import { LatchkeyError } from '../common/errors.js';
import type { Connector, ConnectorInstance } from './connector.js';
import { movesElsewhere, type ConnectorConfig } from './instances/connector-config.js';
import { GivenInstances } from './instances/given-instances.js';
import { StoredInstances, type Snapshot } from './instances/stored-instances.js';

/** An instance as an application configures it; absent parts come from the connector's descriptor. */
export interface ConnectorInstanceOptions {
  /** Part of the callback URL, `/callback/:id`: letters, digits, `-` and `_`. */
  readonly id: string;
  /** The kind, by its descriptor's id: `google-universal`. */
  readonly connectorId: string;
  readonly config: unknown;
  /** Default: false. */
  readonly enableTokenStorage?: boolean;
  /** Take over name and picture at every sign-in, but for what the user has changed. Default: false. */
  readonly syncProfile?: boolean;
  readonly name?: string;
  /** Another name in paths than the connector's own. */
  readonly target?: string;
  /** Hosts at private addresses that it may talk to, `name:port`, beside those that its own configuration names. Default: none. */
  readonly privateHosts?: readonly string[];
  /** A connector that is switched off starts no round trip and finishes none; what its tokens are good for goes on. Default: true. */
  readonly enabled?: boolean;
}

/** An instance together with the connector that speaks for it. */
export interface ConfiguredConnector {
  readonly instance: ConnectorInstance;
  readonly connector: Connector;
}

/**
 * Every instance that can be used, by its id: those given in code or environment, and those that administrators have
 * made. A change is seen within a second; the object of an instance stays the same until then.
 */
@Injectable()
export class ConnectorRegistry {
  constructor(
    private readonly given: GivenInstances,
    private readonly stored: StoredInstances,
  ) {}

  /** What people are offered: those that are switched on, by the sign-in experience's list where there is one. */
  async list(): Promise<ConfiguredConnector[]> {
    const snapshot = await this.stored.current();
    const enabled = this.all(snapshot).filter(({ instance }) => instance.enabled);
    const { targets } = snapshot.settings;
    return (
      targets?.flatMap((target) => enabled.filter(({ instance }) => instance.target === target)) ?? enabled
    );
  }

  /** Every one that works, switched on or not: what its tokens are good for goes on. */
  async everyone(): Promise<ConfiguredConnector[]> {
    return this.all(await this.stored.current());
  }

  /** Rejects with `connector.not_found`. */
  async get(instanceId: string): Promise<ConfiguredConnector> {
    const found = await this.find(instanceId);
    if (!found) throw new LatchkeyError('connector.not_found', 'There is no such connector.');
    return found;
  }

  /** The same for a round trip to the provider, listed or not. Rejects with `connector.disabled` too. */
  async getEnabled(instanceId: string): Promise<ConfiguredConnector> {
    const found = await this.get(instanceId);
    if (!found.instance.enabled)
      throw new LatchkeyError('connector.disabled', 'This connector is switched off.');
    return found;
  }

  /** The configured connector, or nothing where it has been removed since or does not work. */
  async find(instanceId: string): Promise<ConfiguredConnector | undefined> {
    return (
      this.given.all().get(instanceId) ?? (await this.stored.current()).instances.get(instanceId)?.configured
    );
  }

  /** The same without waiting, as it was a moment ago. */
  peek(instanceId: string): ConfiguredConnector | undefined {
    return this.given.all().get(instanceId) ?? this.stored.peek().instances.get(instanceId)?.configured;
  }

  /**
   * Every instance that is the same client at the same provider as this one, which is among them where it is still in
   * use. Providers know people's grants by the client: what befalls one befalls all.
   */
  async ofSameClient(one: ConfiguredConnector): Promise<ConnectorInstance[]> {
    const alike = (await this.everyone()).filter((other) => isSameClient(one, other));
    return alike.map(({ instance }) => instance);
  }

  private all({ instances }: Snapshot): ConfiguredConnector[] {
    const given = this.given.all();
    const stored = [...instances.values()].filter(({ row }) => !given.has(row.id));
    return [...given.values(), ...stored.flatMap(({ configured }) => configured ?? [])];
  }
}

function isSameClient(one: ConfiguredConnector, other: ConfiguredConnector): boolean {
  const ours = one.instance.config as ConnectorConfig;
  const theirs = other.instance.config as ConnectorConfig;
  const isOneClient = ours['clientId'] === theirs['clientId'] && !movesElsewhere(ours, theirs);
  return one.connector === other.connector && isOneClient;
}
