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
  /** Every refresh at Logto consumes its token. Otherwise as Logto: after 70 % of the token's lifetime. */
  readonly rotateRefreshTokens?: 'always';
  /** The lifetime of Logto's access tokens, 3600 otherwise; they live by the system's time, which nobody can move. */
  readonly accessTokenSeconds?: number;
  /** Puts into ID tokens what Logto keeps for userinfo unless told so: roles, organisations, custom data, identities. */
  readonly extendedIdTokenClaims?: boolean;
}

export interface Sandbox {
  readonly url: string;
  readonly logto: { readonly endpoint: string; readonly appId: string; readonly appSecret: string };
  readonly google: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  /** A client of Logto that acts for itself, by the client-credentials grant. */
  readonly machine: { readonly clientId: string; readonly clientSecret: string };
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
  /** Ends every grant of this persona at Logto with its tokens; JWT access tokens live on until they expire. */
  revokeLogtoGrants(personaId: string): void;
  /** Ends every session of this persona at Logto; resolves when their clients have been sent logout tokens. */
  endLogtoSessions(personaId: string): Promise<void>;
  /** Ends grants and sessions of this persona at Logto, tells nobody, and refuses to sign the persona in, for good. */
  suspend(personaId: string): void;
  /** From now on Logto signs with a new key; its JWKS lists the new one and the one before. */
  rotateLogtoKeys(): Promise<void>;
  /** How many refresh requests came with a token that was consumed already; each has ended its grant. */
  reusedRefreshTokens(): number;
  /** The most refresh requests of one grant at Logto that were in flight at the same time. */
  concurrentRefreshes(): number;
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
  const logto = await logtoDialect({ origin: url, clients: clients.logto, state, behaviour: options });
  const control = new Control(clock, google.ledger, logto);
  const server = await createServer({ url, applicationUrl: options.applicationUrl, control, logto, google });
  listener.serve((request, response) => server.routing(request, response));
  const close = async (): Promise<void> => {
    await listener.close();
    await server.close();
    state.flush();
  };
  return { ...addresses(url), ...orders(control), close };
}

function addresses(url: string): Pick<Sandbox, 'url' | 'logto' | 'google' | 'machine'> {
  const { logto, google, machine } = applicationCredentials;
  return {
    url,
    logto: { endpoint: url, appId: logto.clientId, appSecret: logto.clientSecret },
    google: { issuer: `${url}/google`, ...google },
    machine,
  };
}

const orders = (control: Control): Omit<Sandbox, 'url' | 'logto' | 'google' | 'machine' | 'close'> => ({
  attach: (clock) => control.attach(clock),
  advance: (seconds) => control.advance(seconds),
  fail: (fault) => control.faults.add(fault),
  clearFaults: () => control.faults.clear(),
  requests: () => control.requests.all(),
  clearRequests: () => control.requests.clear(),
  revokeGoogleGrants: (personaId) => control.revokeGoogleGrants(personaId),
  revokeLogtoGrants: (personaId) => control.logto.revokeGrants(personaId),
  endLogtoSessions: (personaId) => control.logto.endSessions(personaId),
  suspend: (personaId) => control.logto.suspend(personaId),
  rotateLogtoKeys: () => control.logto.rotateKeys(),
  reusedRefreshTokens: () => control.logto.refreshes.reused(),
  concurrentRefreshes: () => control.logto.refreshes.concurrent(),
});
