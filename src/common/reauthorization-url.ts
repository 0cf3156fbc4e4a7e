/**
 * Injection token of a function from a connector's id to the address where a person renews its grant. `AuthModule`
 * provides it; without one, the vault's `reauthorization_required` names no address.
 */
export const REAUTHORIZATION_URL = Symbol('latchkey:reauthorization-url');

/** `scope` is asked for there beside what was granted before. */
export type ReauthorizationUrl = (connectorId: string, scope?: readonly string[]) => string;
