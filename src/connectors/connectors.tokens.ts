/** Injection token of the instances given in code or environment, `ConnectorInstanceOptions[]`. */
export const CONNECTOR_INSTANCES = Symbol('latchkey:connector-instances');

/** Injection token of the address below which providers reach us, without a slash at its end; absent where nobody has said. */
export const NOTIFICATIONS_URL = Symbol('latchkey:notifications-url');
