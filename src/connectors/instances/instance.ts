import type { Connector, ConnectorInstance } from '../connector.js';

/** Part of callback URLs. */
export const INSTANCE_ID = /^[\w-]{1,64}$/;

/** Part of paths; every database takes it. */
export const TARGET = /^[\w.-]{1,64}$/;

/** Stands for Logto itself among identities, so no connector may take it. */
export const RESERVED = 'logto';

/** What an instance has beside its configuration; absent parts come from the connector's descriptor. */
export interface InstanceTraits {
  readonly id: string;
  readonly target?: string;
  readonly name?: string;
  readonly enableTokenStorage?: boolean;
  readonly syncProfile?: boolean;
  readonly enabled?: boolean;
}

/** `config` is what the connector's schema has made of it. */
export function instanceOf(
  { descriptor }: Connector,
  traits: InstanceTraits,
  config: unknown,
  privateHosts: Iterable<string>,
): ConnectorInstance {
  return {
    id: traits.id,
    target: traits.target ?? descriptor.target,
    name: traits.name ?? descriptor.name,
    config,
    enableTokenStorage: (traits.enableTokenStorage ?? false) && descriptor.isTokenStorageSupported !== false,
    enabled: traits.enabled ?? true,
    syncProfile: traits.syncProfile ?? false,
    privateHosts: new Set(privateHosts),
  };
}
