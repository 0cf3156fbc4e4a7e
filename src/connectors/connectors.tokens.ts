/** Injection token of all registered connectors, `Connector[]`. */
export const CONNECTORS = Symbol('latchkey:connectors');

/** Injection token of the configured instances, `ConnectorInstanceOptions[]`. */
export const CONNECTOR_INSTANCES = Symbol('latchkey:connector-instances');
