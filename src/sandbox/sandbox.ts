import { type Addresses, addressesOf } from './addresses.js';
import { clientsOf, type SandboxClient } from './clients.js';
import { sandboxConnectors, type SandboxConnector } from './connectors.js';
import { Control } from './control/control.js';
import { createDialects } from './dialects.js';
import { type Listener, listenOnLoopback } from './listening.js';
import { logtoDialect } from './logto/logto.dialect.js';
import { type Orders, ordersTo } from './orders.js';
import { ProviderClock } from './provider-clock.js';
import { createServer } from './server.js';
import { openState } from './state.js';

export type { Fault } from './control/faults.js';
export type { SandboxClient } from './clients.js';
export type { Notice, NoticeAnswer } from './notices.js';

export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Where the application runs, such as `http://localhost:3000`; its callbacks are registered at every provider. */
  readonly applicationUrl: string;
  /** Keys, consents and tokens survive a restart in this file; without it, everything is in memory. */
  readonly statePath?: string;
  /** Further clients, known to every provider. */
  readonly clients?: readonly SandboxClient[];
  /** Every refresh at Logto consumes its token. Otherwise as Logto: after 70 % of the token's lifetime. */
  readonly rotateRefreshTokens?: 'always';
  /** The lifetime of Logto's access tokens, 3600 otherwise; they live by the system's time, which nobody can move. */
  readonly accessTokenSeconds?: number;
  /** Puts into ID tokens what Logto keeps for userinfo unless told so: roles, organisations, custom data, identities. */
  readonly extendedIdTokenClaims?: boolean;
}

export interface Sandbox extends Addresses, Orders {
  /** Instances of our connectors that speak to the sandbox. */
  readonly connectors: readonly SandboxConnector[];
  close(): Promise<void>;
}

/** Starts Logto and the social providers in miniature on loopback. Nothing here is safe outside a developer's machine. */
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
  const clock = new ProviderClock();
  const dialects = createDialects({ url, clients, clock, state });
  const logto = await logtoDialect({ origin: url, clients: clients.logto, state, behaviour: options });
  const control = new Control(clock, dialects, logto);
  const server = await createServer({ applicationUrl: options.applicationUrl, control });
  listener.serve((request, response) => server.routing(request, response));
  const close = async (): Promise<void> => {
    await listener.close();
    await server.close();
    state.flush();
  };
  const addresses = addressesOf(url);
  return {
    ...addresses,
    connectors: sandboxConnectors(addresses),
    ...ordersTo(control, options.applicationUrl),
    close,
  };
}
