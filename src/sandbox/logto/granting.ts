import type { Grant, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import { applicationCredentials } from '../clients.js';
import { type Persona, personaByLogtoSubject } from '../personas.js';
import {
  allOrganizationPermissions,
  apiPermissionsThrough,
  mayHave,
  membershipOf,
  MANAGEMENT,
  ORGANIZATIONS_RESOURCE,
} from './permissions.js';

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

/** Any absolute URI is an API here. What it offers depends on who asks, see {@link mayHave}. */
export const resourceServer = (ctx: KoaContextWithOIDC, resource: string): ResourceServer => ({
  audience: resource,
  scope: scopesOffered(ctx, resource).join(' '),
  ...jwtAccessTokens,
});

export const jwtAccessTokens = { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES384' } } } as const;

/** The organisation that a token request names. */
export function organizationIdOf(ctx: KoaContextWithOIDC): string | undefined {
  const organizationId = ctx.oidc.params?.['organization_id'];
  return typeof organizationId === 'string' && organizationId !== '' ? organizationId : undefined;
}

function scopesOffered(ctx: KoaContextWithOIDC, resource: string): readonly string[] {
  if (resource === ORGANIZATIONS_RESOURCE) return allOrganizationPermissions;
  const persona = personWhoAsks(ctx);
  const organizationId = organizationIdOf(ctx);
  if (organizationId === undefined) {
    const held = scopesAsked(ctx, resource).filter((scope) => mayHave(persona, scope));
    return isMachine(ctx) ? [...held, MANAGEMENT] : held;
  }
  const membership = membershipOf(persona, organizationId);
  return membership === undefined ? [] : apiPermissionsThrough(membership);
}

/** The program that may manage the application's API, and the only one: no person has the permission. */
const isMachine = ({ oidc }: KoaContextWithOIDC): boolean =>
  oidc.client?.clientId === applicationCredentials.machine.clientId;

/** Now, or at the authorization request that the grant goes back to. */
function scopesAsked({ oidc }: KoaContextWithOIDC, resource: string): readonly string[] {
  const granted = oidc.entities.Grant?.getResourceScope(resource) ?? '';
  const requested = [...oidc.requestParamScopes].filter((scope) => !oidc.requestParamOIDCScopes.has(scope));
  return [...new Set([...granted.split(' '), ...requested])].filter(Boolean);
}

function personWhoAsks({ oidc }: KoaContextWithOIDC): Persona | undefined {
  const subject = oidc.session?.accountId ?? oidc.entities.Account?.accountId;
  return subject === undefined ? undefined : personaByLogtoSubject(subject);
}
