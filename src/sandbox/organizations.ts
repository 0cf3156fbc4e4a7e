/** An organisation that exists only in the sandbox; its id has the form of Logto's. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** What a role brings: permissions in the organisation itself, and permissions at APIs. */
interface Role {
  readonly organizationPermissions?: readonly string[];
  readonly apiPermissions: readonly string[];
}

export const organizations = [
  { id: 'k3v9xq27mz0a', name: 'Aurora Workshop', description: 'Makes lamps' },
  { id: '7t1hd84wpe6s', name: 'Harbour Collective', description: 'Mends boats' },
] as const satisfies readonly Organization[];

export const organizationRoles = {
  admin: {
    organizationPermissions: ['read:members', 'invite:member', 'manage:settings'],
    apiPermissions: ['read:documents', 'write:documents'],
  },
  member: { organizationPermissions: ['read:members'], apiPermissions: ['read:documents'] },
} as const satisfies Readonly<Record<string, Role>>;

/** Roles that a person has everywhere. */
export const globalRoles = {
  support: { apiPermissions: ['read:customers'] },
} as const satisfies Readonly<Record<string, Role>>;

export type OrganizationRole = keyof typeof organizationRoles;
export type GlobalRole = keyof typeof globalRoles;

export interface Membership {
  readonly organization: (typeof organizations)[number]['id'];
  readonly roles: readonly OrganizationRole[];
}
