import { Injectable } from '@nestjs/common';
import { LatchkeyError } from '../common/errors.js';
import type { ConnectorDescriptor } from '../connectors/connector.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import { Reauthorization } from './reauthorization.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** What a reader demands of the scope of a token. */
export interface WantedScope {
  /** Scopes all of which have to be granted. Default: none. */
  readonly scope?: readonly string[];
  /** Scopes beyond which the token must not reach. A token of which nobody knows how far it reaches does. Default: any. */
  readonly within?: readonly string[];
}

/**
 * Holds what was granted against what is wanted, by the names that the provider itself answers with. A scope that includes
 * others grants them; a bound that includes others does not allow them, since nobody has named them.
 */
@Injectable()
export class GrantedScope {
  constructor(
    private readonly connectors: ConnectorRegistry,
    private readonly reauthorization: Reauthorization,
  ) {}

  /**
   * A provider may have granted less than it was asked for, or take some of it back when it renews (RFC 6749 6). Rejects
   * with `vault.scope_missing` or `vault.retrieval_not_granted`.
   */
  assert(secret: StoredSecret, granted: readonly string[] = [], { scope = [], within }: WantedScope): void {
    if (scope.length === 0 && !within) return;
    const { scopeAliases = {}, scopeInclusions = {} } = this.descriptorOf(secret);
    const nameOf = (name: string): string => own(scopeAliases, name) ?? name;
    const held = new Set(granted.map(nameOf));
    const reached = new Set(held);
    for (const name of reached)
      for (const included of own(scopeInclusions, name) ?? []) reached.add(included);
    const missing = scope.filter((name) => !reached.has(nameOf(name)));
    if (missing.length > 0) throw this.reauthorization.scopeMissing(secret, missing);
    const bounds = new Set(within?.map(nameOf));
    if (within && (held.size === 0 || [...held].some((name) => !bounds.has(name)))) throw reachesFurther();
  }

  private descriptorOf({ connectorId }: StoredSecret): Partial<ConnectorDescriptor> {
    return this.connectors.peek(connectorId)?.connector.descriptor ?? {};
  }
}

/** Names come from outside, and every object has a `constructor`. */
const own = <Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const reachesFurther = (): LatchkeyError =>
  new LatchkeyError('vault.retrieval_not_granted', 'The person has granted more than may be handed out.');
