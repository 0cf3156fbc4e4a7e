import type { FastifyInstance } from 'fastify';
import type { Fault } from './control/faults.js';

/** One provider of the sandbox: everything that the shared parts need to know of it. */
export interface Dialect {
  /** What a developer configures, as label and value, for the front page. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** The paths that faults can be aimed at. A segment that varies is `*`. */
  readonly endpoints: readonly string[];
  /** What goes wrong in a way that only this provider has. */
  readonly faults?: readonly KnownFault[];
  routes(app: FastifyInstance): void;
  /** Ends every grant of this persona, as if revoked in the account's settings; absent where a person cannot. */
  revokeGrantsOf?(personaId: string): void;
}

export interface KnownFault {
  readonly label: string;
  readonly fault: Fault;
}
