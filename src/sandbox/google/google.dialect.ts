import type { SandboxClient } from '../clients.js';
import type { Dialect } from '../dialect.js';
import type { DialectOptions } from '../dialects.js';
import type { ProviderClock } from '../provider-clock.js';
import type { SigningKey } from '../state.js';
import { googleFaults } from './faults.js';
import { googleRoutes } from './google.routes.js';
import { GoogleLedger } from './ledger.js';

/** Everything that Google's endpoints share. */
export interface GoogleDialect extends Dialect {
  readonly issuer: string;
  readonly clients: readonly SandboxClient[];
  readonly key: SigningKey;
  readonly clock: ProviderClock;
  readonly ledger: GoogleLedger;
}

export function googleDialect({ url, clients, clock, state }: DialectOptions): GoogleDialect {
  const { key, ledger: saved } = state.saved.google;
  const issuer = `${url}/google`;
  const ledger = new GoogleLedger(saved, clock, state.changed);
  const google: GoogleDialect = {
    issuer,
    clients: clients.google,
    key,
    clock,
    ledger,
    facts: [
      ['Issuer', issuer],
      ['Discovery', '/google/.well-known/openid-configuration'],
    ],
    endpoints: [
      '/google/token',
      '/google/v1/userinfo',
      '/google/oauth2/v3/certs',
      '/google/.well-known/openid-configuration',
      '/google/.well-known/risc-configuration',
      '/google/revoke',
      '/google/o/oauth2/v2/auth',
      '/google/gsi/client',
    ],
    faults: googleFaults,
    routes: (app) => googleRoutes(app, google),
    revokeGrantsOf: (personaId) => ledger.revokeGrantsOf(personaId),
  };
  return google;
}
