import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { type ConfigurationOptions, logtoConfiguration } from './configuration.js';
import { endSessionAtOnce } from './end-session.js';
import { addLogtoErrorCode } from './error-bodies.js';
import type { OidcProviderModule } from './load-oidc-provider.js';
import { machineGrant, refreshForOrganization } from './organization-tokens.js';
import type { RefreshWatch } from './refresh-watch.js';

export type GrantHandler = (ctx: TokenEndpointGrantContext) => void | Promise<void>;

/** What goes around oidc-provider's own handler of a grant type. */
export type GrantWrapper = (handler: GrantHandler) => GrantHandler;

interface LogtoProviderOptions extends Omit<ConfigurationOptions, 'policy' | 'errors'> {
  readonly issuer: string;
  readonly refreshes: RefreshWatch;
}

/** oidc-provider with Logto's routes, keys, claims, grants and error bodies. */
export function logtoProvider(
  { Provider, errors, interactionPolicy }: OidcProviderModule,
  { issuer, refreshes, ...options }: LogtoProviderOptions,
): Provider {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.clear();
  const forOrganization = refreshForOrganization(errors);
  const LogtoProvider = withWrappedGrants(Provider, {
    refresh_token: (handler) => refreshes.wrapper(forOrganization(handler)),
    client_credentials: machineGrant(errors),
  });
  const provider = new LogtoProvider(issuer, logtoConfiguration({ ...options, policy, errors }));
  provider.use(addLogtoErrorCode);
  provider.use(endSessionAtOnce);
  return provider;
}

/**
 * A Provider whose grants of these types are wrapped and take the parameter `organization_id`. While it is
 * built, a provider registers its own handlers by its public method; there each meets its wrapper.
 */
function withWrappedGrants(
  Provider: OidcProviderModule['Provider'],
  wrappers: Readonly<Record<string, GrantWrapper>>,
): OidcProviderModule['Provider'] {
  return class extends Provider {
    override registerGrantType<Params extends object>(
      name: string,
      handler: (ctx: TokenEndpointGrantContext<Params>) => void | Promise<void>,
      parameters: Names = [],
      duplicates?: Names,
    ): void {
      const wrapper = wrappers[name];
      if (wrapper === undefined) return super.registerGrantType(name, handler, parameters, duplicates);
      const known = typeof parameters === 'string' ? [parameters] : parameters;
      const wrapped = wrapper(handler as GrantHandler);
      super.registerGrantType(name, wrapped, [...known, 'organization_id'], duplicates);
    }
  };
}

type Names = string | readonly string[] | ReadonlySet<string>;
