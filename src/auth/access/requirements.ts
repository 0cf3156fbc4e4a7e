import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { ACCESS, type Access } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { establishedOf } from '../../common/established.js';
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

/** In place of a parameter's name: no parameter has it. */
export const FROM_TOKEN = Symbol('latchkey:organization-from-token');

/**
 * Acts within an organisation: that of the route's parameter (an argument in GraphQL, a member of the message in a
 * gateway), for which a token has to be; or `{ from: 'token' }`, the one that the access token is for. Where the
 * parameter is missing, nobody is let in. Without this decorator no organisation's token is accepted.
 */
export const Organization = (
  where: string | { readonly from: 'token' } = 'organizationId',
): CustomDecorator => SetMetadata(ORGANIZATION, typeof where === 'string' ? where : FROM_TOKEN);

/** Needs all of these permissions of the organisation itself, from an organisation token. Implies `@Organization()`. */
export const OrganizationScopes = (...scopes: string[]): CustomDecorator =>
  SetMetadata(ORGANIZATION_SCOPES, scopes);

/** The organisation within which the request acts, as the guard has established it. */
export const CurrentOrganization = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { organizationId } = establishedOf(context);
  if (organizationId !== undefined) return organizationId;
  throw new LatchkeyError('auth.forbidden', 'The request names no organisation.');
});

/** The verified access token of the request; `undefined` where a session let it in. */
export const CurrentAccessToken = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessToken | undefined =>
    establishedOf(context).accessToken as AccessToken | undefined,
);

/** What a route demands of its caller. */
export interface Requirements {
  readonly access?: Access;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** Name of the parameter that names the organisation, where the route acts within one. */
  readonly organization?: string | typeof FROM_TOKEN;
  readonly organizationScopes: readonly string[];
  /** Whether being known is not enough. */
  readonly beyondIdentity: boolean;
}

const known = new WeakMap<object, WeakMap<object, Requirements>>();

/**
 * Of method and class together: scopes add up, of roles, organisation and access the method's go first. A method that
 * demands something is not public, whatever its class is. Read once.
 */
export function requirementsOf(context: ExecutionContext): Requirements {
  const [handler, type] = [context.getHandler(), context.getClass()];
  const ofType = known.get(type) ?? new WeakMap<object, Requirements>();
  const read = ofType.get(handler);
  if (read) return read;
  const requirements = readRequirements(handler, type);
  known.set(type, ofType.set(handler, requirements));
  return requirements;
}

function readRequirements(handler: object, type: object): Requirements {
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
  const organization = first<string | typeof FROM_TOKEN>(ORGANIZATION) ?? inOrganization;
  const beyondIdentity = scopes.length + roles.length > 0 || organization !== undefined;
  const opened = first<Access>(ACCESS);
  const access = opened === 'public' && demands(handler) ? undefined : opened;
  return { access, scopes, roles, organization, organizationScopes, beyondIdentity };
}

const demands = (handler: object): boolean =>
  [SCOPES, ROLES, ORGANIZATION, ORGANIZATION_SCOPES].some((key) => Reflect.hasMetadata(key, handler));
