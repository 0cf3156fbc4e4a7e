import type { Clock } from '../../common/clock.js';
import type { SandboxClient } from '../clients.js';
import type { SigningKey, State } from '../state.js';
import { GoogleLedger } from './ledger.js';

/** Everything that Google's endpoints share. */
export interface GoogleDialect {
  readonly issuer: string;
  readonly clients: readonly SandboxClient[];
  readonly key: SigningKey;
  readonly ledger: GoogleLedger;
}

interface GoogleDialectOptions {
  readonly issuer: string;
  readonly clients: readonly SandboxClient[];
  readonly clock: Clock;
  readonly state: State;
}

export function googleDialect({ issuer, clients, clock, state }: GoogleDialectOptions): GoogleDialect {
  const { key, ledger } = state.saved.google;
  return { issuer, clients, key, ledger: new GoogleLedger(ledger, clock, state.changed) };
}
