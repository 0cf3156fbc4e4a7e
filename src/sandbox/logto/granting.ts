import type { Grant, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';

/** Consent is given by itself, as Logto does for first-party applications: the grant covers whatever is asked. */
export async function grantWhatIsAsked(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, provider, requestParamOIDCScopes, requestParamScopes } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grantId = session.grantIdFor(client.clientId);
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = existing ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...requestParamOIDCScopes].join(' '));
  for (const [resource, { scopes }] of Object.entries(ctx.oidc.resourceServers ?? {})) {
    grant.addResourceScope(resource, [...requestParamScopes].filter((scope) => scopes.has(scope)).join(' '));
  }
  await grant.save();
  return grant;
}

/** Any absolute URI is an API here, and offers the scopes that it is asked for. */
export function resourceServer(ctx: KoaContextWithOIDC, resource: string): ResourceServerInfo {
  const granted = ctx.oidc.entities.Grant?.getResourceScope(resource) ?? '';
  const requested = [...ctx.oidc.requestParamScopes].filter(
    (scope) => !ctx.oidc.requestParamOIDCScopes.has(scope),
  );
  return {
    audience: resource,
    scope: [...new Set([...granted.split(' '), ...requested])].filter(Boolean).join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: 3600,
    jwt: { sign: { alg: 'ES384' } },
  };
}

type ResourceServerInfo = Pick<
  ResourceServer,
  'audience' | 'scope' | 'accessTokenFormat' | 'accessTokenTTL' | 'jwt'
> & {
  scope: string;
};
