/** Injection token of the instances given in code or environment, `ConnectorInstanceOptions[]`. */
export const CONNECTOR_INSTANCES = Symbol('latchkey:connector-instances');

/** Injection token of the hosts at private addresses that instances may talk to, `string[]`. */
export const PRIVATE_HOSTS = Symbol('latchkey:private-hosts');
