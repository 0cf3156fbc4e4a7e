import { globalRoles, type Membership, organizationRoles } from '../organizations.js';
import type { Persona } from '../personas.js';

/** Asked for together with organisation permissions; Logto reserves the name. */
export const ORGANIZATIONS_RESOURCE = 'urn:logto:resource:organizations';
export const ORGANIZATIONS_SCOPE = 'urn:logto:scope:organizations';

/** Logto's permission to manage everything at an API. */
export const MANAGEMENT = 'all';

export const organizationAudience = (organizationId: string): string =>
  `urn:logto:organization:${organizationId}`;

export const allOrganizationPermissions: readonly string[] = unique(
  Object.values(organizationRoles).flatMap(({ organizationPermissions }) => organizationPermissions),
);

/** Permissions at APIs that are given by a role and not otherwise. */
const guarded: readonly string[] = unique(
  [...Object.values(organizationRoles), ...Object.values(globalRoles)].flatMap(
    ({ apiPermissions }) => apiPermissions,
  ),
);

/** Undefined for someone who is no member. */
export const membershipOf = (persona: Persona | undefined, organizationId: string): Membership | undefined =>
  persona?.memberships?.find(({ organization }) => organization === organizationId);

export const organizationPermissions = ({ roles }: Membership): readonly string[] =>
  unique(roles.flatMap((role) => organizationRoles[role].organizationPermissions));

/** At any API, through the roles in one organisation. */
export const apiPermissionsThrough = ({ roles }: Membership): readonly string[] =>
  unique(roles.flatMap((role) => organizationRoles[role].apiPermissions));

/**
 * Whether a token for an API that names no organisation may carry the scope: through a global role or a role
 * in any organisation, as at Logto. A scope that no role here mentions is anybody's who asks, and one of the
 * organisations themselves belongs to no API.
 */
export function mayHave(persona: Persona | undefined, scope: string): boolean {
  if (scope === MANAGEMENT || allOrganizationPermissions.includes(scope)) return false;
  if (!guarded.includes(scope)) return true;
  const { roles = [], memberships = [] } = persona ?? {};
  const everywhere = roles.flatMap((role) => globalRoles[role].apiPermissions);
  return [...everywhere, ...memberships.flatMap(apiPermissionsThrough)].some((held) => held === scope);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
