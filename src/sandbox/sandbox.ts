import { Clock } from '../common/clock.js';
import { applicationCredentials, clientsOf, type SandboxClient } from './clients.js';
import { Control } from './control/control.js';
import type { Fault } from './control/faults.js';
import { googleDialect } from './google/google.dialect.js';
import { type Listener, listenOnLoopback } from './listening.js';
import { logtoDialect } from './logto/logto.dialect.js';
import { createServer } from './server.js';
import { openState } from './state.js';

export type { Fault } from './control/faults.js';
export type { SandboxClient } from './clients.js';

export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the application runs, such as `http://localhost:3000`; its callbacks are registered at both providers. */
  readonly applicationUrl: string;
  /** Keys, consents and tokens survive a restart in this file; without it, everything is in memory. */
  readonly statePath?: string;
  /** Further clients, known to both providers. */
  readonly clients?: readonly SandboxClient[];
}

export interface Sandbox {
  readonly url: string;
  readonly logto: { readonly endpoint: string; readonly appId: string; readonly appSecret: string };
  readonly google: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  /** From now on this clock moves along with the sandbox's own. */
  attach(clock: Clock): void;
  advance(seconds: number): void;
  fail(fault: Fault): void;
  clearFaults(): void;
  /** How often each endpoint was asked, as in `{ 'POST /google/token refresh_token': 2 }`. */
  requests(): Record<string, number>;
  clearRequests(): void;
  /** Ends every grant of this persona at Google, as if revoked in the account's settings. */
  revokeGoogleGrants(personaId: string): void;
  close(): Promise<void>;
}

/** Starts Logto and Google in miniature on loopback. Nothing here is safe outside a developer's machine. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const listener = await listenOnLoopback(options.port);
  try {
    return await serve(options, listener);
  } catch (error) {
    await listener.close();
    throw error;
  }
}

async function serve(options: SandboxOptions, listener: Listener): Promise<Sandbox> {
  const url = `http://localhost:${listener.port}`;
  const state = await openState(options.statePath);
  const clients = clientsOf(options);
  const clock = new Clock();
  const google = googleDialect({ issuer: `${url}/google`, clients: clients.google, clock, state });
  const logto = await logtoDialect({ origin: url, clients: clients.logto, state });
  const control = new Control(clock, google.ledger);
  const server = await createServer({ url, applicationUrl: options.applicationUrl, control, logto, google });
  listener.serve((request, response) => server.routing(request, response));
  const close = async (): Promise<void> => {
    await listener.close();
    await server.close();
    state.flush();
  };
  return { ...addresses(url), ...orders(control), close };
}

function addresses(url: string): Pick<Sandbox, 'url' | 'logto' | 'google'> {
  const { logto, google } = applicationCredentials;
  return {
    url,
    logto: { endpoint: url, appId: logto.clientId, appSecret: logto.clientSecret },
    google: { issuer: `${url}/google`, ...google },
  };
}

const orders = (control: Control): Omit<Sandbox, 'url' | 'logto' | 'google' | 'close'> => ({
  attach: (clock) => control.attach(clock),
  advance: (seconds) => control.advance(seconds),
  fail: (fault) => control.faults.add(fault),
  clearFaults: () => control.faults.clear(),
  requests: () => control.requests.all(),
  clearRequests: () => control.requests.clear(),
  revokeGoogleGrants: (personaId) => control.revokeGoogleGrants(personaId),
});
