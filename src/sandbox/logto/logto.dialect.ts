import type { Provider } from 'oidc-provider';
import type { SandboxClient } from '../clients.js';
import type { State } from '../state.js';
import { logtoConfiguration } from './configuration.js';
import { endSessionAtOnce } from './end-session.js';
import { addLogtoErrorCode } from './error-bodies.js';
import { loadOidcProvider } from './load-oidc-provider.js';

export interface LogtoDialect {
  readonly provider: Provider;
}

interface LogtoDialectOptions {
  readonly origin: string;
  readonly clients: readonly SandboxClient[];
  readonly state: State;
}

/** oidc-provider with Logto's routes, keys, claims and error bodies. */
export async function logtoDialect({ origin, clients, state }: LogtoDialectOptions): Promise<LogtoDialect> {
  const { Provider, errors, interactionPolicy } = await loadOidcProvider();
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.clear();
  const { InvalidGrant } = errors;
  const provider = new Provider(
    `${origin}/oidc`,
    logtoConfiguration({ clients, state, policy, InvalidGrant }),
  );
  provider.use(addLogtoErrorCode);
  provider.use(endSessionAtOnce);
  return { provider };
}
