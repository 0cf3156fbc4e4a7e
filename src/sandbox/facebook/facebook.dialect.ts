import type { SandboxClient } from '../clients.js';
import type { Dialect } from '../dialect.js';
import type { DialectOptions } from '../dialects.js';
import { AppUsage } from './app-usage.js';
import { facebookRoutes } from './facebook.routes.js';
import { facebookFaults } from './faults.js';
import { FacebookLedger } from './ledger.js';

/** Everything that Facebook's endpoints share. */
export interface FacebookDialect extends Dialect {
  /** The application's own app comes first. */
  readonly clients: readonly SandboxClient[];
  readonly ledger: FacebookLedger;
  readonly usage: AppUsage;
}

export function facebookDialect({ url, clients, clock, state }: DialectOptions): FacebookDialect {
  const ledger = new FacebookLedger(state.saved.facebook, clock, state.changed);
  const facebook: FacebookDialect = {
    clients: clients.facebook,
    ledger,
    usage: new AppUsage(clock),
    facts: [
      ['Endpoint', `${url}/facebook`],
      ['Graph API', `${url}/facebook/graph`],
    ],
    endpoints: [
      '/facebook/graph/*/oauth/access_token',
      '/facebook/graph/*/me',
      '/facebook/graph/*/*/permissions',
      '/facebook/graph/*/debug_token',
      '/facebook/*/dialog/oauth',
    ],
    faults: facebookFaults,
    routes: (app) => facebookRoutes(app, facebook),
    revokeGrantsOf: (personaId) => ledger.removeApp({ personaId }),
  };
  return facebook;
}
