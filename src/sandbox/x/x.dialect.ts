import type { SandboxClient } from '../clients.js';
import type { Dialect } from '../dialect.js';
import type { DialectOptions } from '../dialects.js';
import type { ProviderClock } from '../provider-clock.js';
import { xFaults } from './faults.js';
import { XLedger } from './ledger.js';
import { RateLimit } from './rate-limit.js';
import { xRoutes } from './x.routes.js';

/** Everything that X's endpoints share. */
export interface XDialect extends Dialect {
  readonly clients: readonly SandboxClient[];
  readonly clock: ProviderClock;
  readonly ledger: XLedger;
  readonly rateLimit: RateLimit;
}

export function xDialect({ url, clients, clock, state }: DialectOptions): XDialect {
  const ledger = new XLedger(state.saved.x, clock, state.changed);
  const x: XDialect = {
    clients: clients.x,
    clock,
    ledger,
    rateLimit: new RateLimit(clock),
    facts: [
      ['Endpoint', `${url}/x`],
      ['API', `${url}/x/api`],
    ],
    endpoints: [
      '/x/api/2/oauth2/token',
      '/x/api/2/users/me',
      '/x/api/2/oauth2/revoke',
      '/x/i/oauth2/authorize',
    ],
    faults: xFaults,
    routes: (app) => xRoutes(app, x),
    revokeGrantsOf: (personaId) => ledger.revokeGrantsOf(personaId),
  };
  return x;
}
