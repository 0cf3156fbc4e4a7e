import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { ACCESS, type Access } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { requestOf } from '../../common/request-of.js';
import type { AccessToken } from './access-token.js';

const SCOPES = 'latchkey:scopes';
const ROLES = 'latchkey:roles';
const ORGANIZATION = 'latchkey:organization';
const ORGANIZATION_SCOPES = 'latchkey:organization-scopes';

/** Needs all of these permissions of our API, from the access token, or for a session from the one that Logto gives for it. */
export const Scopes = (...scopes: string[]): CustomDecorator => SetMetadata(SCOPES, scopes);

/**
 * Needs one of these roles. Logto puts roles into no access token by itself: a custom claim `roles` has to; a session
 * has them as of its sign-in or last renewal, where the scope `roles` is asked for.
 */
export const Roles = (...roles: string[]): CustomDecorator => SetMetadata(ROLES, roles);

/**
 * Acts within an organisation: that of the route's parameter (`organizationId` unless named otherwise; an argument in
 * GraphQL, a member of the message in a gateway), and otherwise that of the token. Both have to be the same. Without
 * this decorator no organisation's token is accepted.
 */
export const Organization = (parameter = 'organizationId'): CustomDecorator =>
  SetMetadata(ORGANIZATION, parameter);

/** Needs all of these permissions of the organisation itself, from an organisation token. Implies {@link Organization}. */
export const OrganizationScopes = (...scopes: string[]): CustomDecorator =>
  SetMetadata(ORGANIZATION_SCOPES, scopes);

/** The organisation within which the request acts, as the guard has established it. */
export const CurrentOrganization = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { organizationId } = requestOf<{ organizationId?: string }>(context);
  if (organizationId !== undefined) return organizationId;
  throw new LatchkeyError('auth.forbidden', 'The request names no organisation.');
});

/** The verified access token of the request; `undefined` where a session let it in. */
export const CurrentAccessToken = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessToken | undefined =>
    requestOf<{ accessToken?: AccessToken }>(context).accessToken,
);

/** What a route demands of its caller. */
export interface Requirements {
  readonly access?: Access;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** Name of the parameter that names the organisation, where the route acts within one. */
  readonly organization?: string;
  readonly organizationScopes: readonly string[];
  /** Whether being known is not enough. */
  readonly beyondIdentity: boolean;
}

const known = new WeakMap<object, WeakMap<object, Requirements>>();

/** Of method and class together: scopes add up, of roles, organisation and access the method's go first. Read once. */
export function requirementsOf(context: ExecutionContext): Requirements {
  const [handler, type] = [context.getHandler(), context.getClass()];
  const ofType = known.get(type) ?? new WeakMap<object, Requirements>();
  const requirements = ofType.get(handler) ?? read(handler, type);
  known.set(type, ofType.set(handler, requirements));
  return requirements;
}

function read(handler: object, type: object): Requirements {
  const first = <Value>(key: string) =>
    (Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, type)) as Value | undefined;
  const all = (key: string) =>
    [handler, type].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as string[]);
  const [scopes, roles, organizationScopes] = [
    all(SCOPES),
    first<string[]>(ROLES) ?? [],
    all(ORGANIZATION_SCOPES),
  ];
  const inOrganization = organizationScopes.length > 0 ? 'organizationId' : undefined;
  const organization = first<string>(ORGANIZATION) ?? inOrganization;
  const beyondIdentity = scopes.length + roles.length > 0 || organization !== undefined;
  return { access: first(ACCESS), scopes, roles, organization, organizationScopes, beyondIdentity };
}
