import type { KoaContextWithOIDC, RefreshToken, TokenEndpointGrantContext } from 'oidc-provider';
import { personaByLogtoSubject } from '../personas.js';
import { jwtAccessTokens, organizationIdOf } from './granting.js';
import type { OidcProviderModule } from './load-oidc-provider.js';
import type { GrantWrapper } from './logto-provider.js';
import {
  membershipOf,
  organizationAudience,
  organizationPermissions,
  ORGANIZATIONS_SCOPE,
} from './permissions.js';

type Errors = OidcProviderModule['errors'];

/**
 * The refresh grant with `organization_id`. Whether the person may enter the organisation is settled before
 * anything is consumed. Without `resource`, the token that oidc-provider gives is replaced unseen.
 */
export const refreshForOrganization =
  (errors: Errors): GrantWrapper =>
  (handler) =>
  async (ctx) => {
    const organizationId = organizationIdOf(ctx);
    if (organizationId === undefined) return handler(ctx);
    await refuseOutsiders(ctx, organizationId, errors);
    await handler(ctx);
    if (!ctx.oidc.params.resource) await replaceAccessToken(ctx, organizationId);
  };

/** The client-credentials grant; the machine of the sandbox belongs to no organisation. */
export const machineGrant =
  (errors: Errors): GrantWrapper =>
  (handler) =>
  (ctx) => {
    if (organizationIdOf(ctx) !== undefined) {
      throw denied(errors, 'app has not associated with the organization');
    }
    if (!ctx.oidc.params.resource) {
      throw new errors.InvalidTarget('both `resource` and `organization_id` are not provided');
    }
    return handler(ctx);
  };

/** A token for an API within an organisation says which one. */
export function organizationClaim(ctx: KoaContextWithOIDC): { organization_id: string } | undefined {
  const organizationId = organizationIdOf(ctx);
  return organizationId === undefined || !ctx.oidc.params?.['resource']
    ? undefined
    : { organization_id: organizationId };
}

async function refuseOutsiders(
  ctx: TokenEndpointGrantContext,
  organizationId: string,
  errors: Errors,
): Promise<void> {
  const token = await usableRefreshToken(ctx);
  if (token === undefined) return;
  if (membershipOf(personaByLogtoSubject(token.accountId), organizationId) === undefined) {
    throw denied(errors, 'user is not a member of the organization');
  }
  if (!token.scopes.has(ORGANIZATIONS_SCOPE)) {
    throw new errors.InsufficientScope('refresh token missing required scope', ORGANIZATIONS_SCOPE);
  }
}

/** Undefined where the grant refuses the token anyway, by better reasons. */
async function usableRefreshToken({ oidc }: TokenEndpointGrantContext): Promise<RefreshToken | undefined> {
  const token = await oidc.provider.RefreshToken.find(String(oidc.params['refresh_token']));
  return token?.isValid && token.clientId === oidc.client.clientId ? token : undefined;
}

async function replaceAccessToken(ctx: TokenEndpointGrantContext, organizationId: string): Promise<void> {
  const { entities, provider, params, client, requestParamScopes } = ctx.oidc;
  const { AccessToken: unseen, RefreshToken: refreshToken } = entities;
  if (unseen === undefined || refreshToken === undefined) return;
  const membership = membershipOf(personaByLogtoSubject(unseen.accountId), organizationId);
  if (membership === undefined) return;
  const asked = params.scope ? requestParamScopes : refreshToken.scopes;
  const permissions = organizationPermissions(membership);
  const audience = organizationAudience(organizationId);
  const { accountId, grantId, gty, sessionUid, sid, expiresWithSession } = unseen;
  const token = new provider.AccessToken({
    accountId,
    client,
    grantId,
    gty,
    sessionUid,
    sid,
    expiresWithSession,
    scope: permissions.filter((permission) => asked.has(permission)).join(' '),
    resourceServer: new provider.ResourceServer(audience, {
      audience,
      scope: permissions.join(' '),
      ...jwtAccessTokens,
    }),
  });
  const replaced = { access_token: await token.save(), expires_in: token.expiration, scope: token.scope };
  Object.assign(ctx.body as object, replaced);
}

/** Logto answers these with 403, where oidc-provider has 400. */
const denied = (errors: Errors, description: string): Error =>
  Object.assign(new errors.AccessDenied(description), { status: 403, statusCode: 403 });
