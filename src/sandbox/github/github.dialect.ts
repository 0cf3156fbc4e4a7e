import type { SandboxClient } from '../clients.js';
import type { Dialect } from '../dialect.js';
import type { DialectOptions } from '../dialects.js';
import { githubFaults } from './faults.js';
import { githubRoutes } from './github.routes.js';
import { GitHubLedger } from './ledger.js';

/** Everything that GitHub's endpoints share. */
export interface GitHubDialect extends Dialect {
  readonly clients: readonly SandboxClient[];
  readonly ledger: GitHubLedger;
}

export function githubDialect({ url, clients, clock, state }: DialectOptions): GitHubDialect {
  const ledger = new GitHubLedger(state.saved.github, clock, state.changed);
  const github: GitHubDialect = {
    clients: clients.github,
    ledger,
    facts: [
      ['Endpoint', `${url}/github`],
      ['API', `${url}/github/api`],
    ],
    endpoints: [
      '/github/login/oauth/access_token',
      '/github/api/user',
      '/github/api/user/emails',
      '/github/api/applications/*/token',
      '/github/api/applications/*/grant',
      '/github/login/oauth/authorize',
    ],
    faults: githubFaults,
    routes: (app) => githubRoutes(app, github),
    revokeGrantsOf: (personaId) => ledger.revokeGrantsOf(personaId),
  };
  return github;
}
