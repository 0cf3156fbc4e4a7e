import type { AccountClaims } from 'oidc-provider';
import { organizations } from '../organizations.js';
import type { Persona } from '../personas.js';

/** Which scope brings which claims, as at Logto. */
export const claimsByScope = {
  openid: ['sub', 'auth_time'],
  profile: [
    'name',
    'given_name',
    'family_name',
    'preferred_username',
    'username',
    'picture',
    'created_at',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  custom_data: ['custom_data'],
  identities: ['identities', 'sso_identities'],
  roles: ['roles'],
  'urn:logto:scope:organizations': ['organizations', 'organization_data'],
  'urn:logto:scope:organization_roles': ['organization_roles'],
} as const;

/** When every account of the sandbox was made; Logto gives milliseconds. */
const CREATED_AT_MILLISECONDS = Date.UTC(2026, 0, 1);

/** Logto says `null` where it knows nothing, and keeps the extended claims for userinfo unless told otherwise. */
export function logtoClaims(persona: Persona, { extended }: { readonly extended: boolean }): AccountClaims {
  return {
    sub: persona.logtoSubject,
    name: persona.name,
    given_name: persona.givenName,
    family_name: persona.familyName,
    preferred_username: persona.id,
    username: persona.id,
    picture: persona.picture ?? null,
    created_at: CREATED_AT_MILLISECONDS,
    updated_at: CREATED_AT_MILLISECONDS,
    email: persona.email ?? null,
    email_verified: persona.emailVerified ?? false,
    phone_number: persona.phoneNumber ?? null,
    phone_number_verified: persona.phoneNumber !== undefined,
    ...(extended && extendedClaims(persona)),
  };
}

function extendedClaims({ roles = [], memberships = [] }: Persona): Readonly<Record<string, unknown>> {
  const joined = memberships.map(({ organization }) => organization);
  return {
    custom_data: {},
    identities: {},
    sso_identities: [],
    roles,
    organizations: joined,
    organization_data: organizations.filter(({ id }) => joined.includes(id)),
    organization_roles: memberships.flatMap(({ organization, roles: held }) =>
      held.map((role) => `${organization}:${role}`),
    ),
  };
}
