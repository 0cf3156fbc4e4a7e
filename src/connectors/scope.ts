import type { AuthorizationRequest } from './connector.js';
import { splitScope } from './token-set.js';

interface Wanted {
  /** As whoever configures an instance writes it: separated by spaces or commas. */
  readonly configured: string | undefined;
  readonly byDefault: readonly string[];
  /** What the connector needs for what the instance is meant to do. */
  readonly further?: readonly string[];
  readonly request: Pick<AuthorizationRequest, 'scope'>;
}

/** The scopes of an authorization request: the configured ones or the default, and what is asked for beside them. */
export const wantedScope = ({ configured, byDefault, further = [], request }: Wanted): readonly string[] => [
  ...new Set([
    ...(configured === undefined ? byDefault : splitScope(configured.replaceAll(',', ' '))),
    ...further,
    ...(request.scope ?? []),
  ]),
];
