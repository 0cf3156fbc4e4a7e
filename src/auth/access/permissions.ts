import type { ExecutionContext } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { requestOf } from '../../common/request-of.js';
import type { Authority } from './authority.js';
import { insufficient } from './bearer.js';
import type { Requirements } from './requirements.js';

/**
 * Holds what a caller may do against what a route demands. Rejects with `auth.forbidden`, and with what Logto says
 * where a session has to ask it. The organisation is put on the request.
 */
export async function assertPermitted(
  context: ExecutionContext,
  requirements: Requirements,
  authority: Authority,
): Promise<void> {
  const organizationId = organizationOf(context, requirements, authority);
  const { scopes, roles, organizationScopes } = requirements;
  if (roles.length > 0) assertOneOf(roles, await authority.roles());
  if (organizationId !== undefined && organizationScopes.length > 0)
    assertAllOf(organizationScopes, await authority.organizationScopes(organizationId));
  if (scopes.length > 0) assertAllOf(scopes, await authority.scopes(organizationId));
  if (organizationId === undefined) return;
  if (scopes.length + organizationScopes.length === 0) await authority.assertMember(organizationId);
  Object.assign(requestOf(context), { organizationId });
}

/** A token for one organisation opens nothing in another one, and nothing outside of organisations. */
function organizationOf(
  context: ExecutionContext,
  { organization }: Requirements,
  { organizationId: own }: Authority,
): string | undefined {
  if (organization === undefined) {
    if (own === undefined) return undefined;
    throw insufficient('The access token is for an organisation, and this is not within one.');
  }
  const named = parameterOf(context, organization);
  if (named !== undefined && own !== undefined && named !== own)
    throw insufficient('The access token is for another organisation.');
  const organizationId = named ?? own;
  if (organizationId === undefined) throw insufficient('The request names no organisation.');
  return organizationId;
}

function parameterOf(context: ExecutionContext, name: string): string | undefined {
  const value: unknown = parametersOf(context)?.[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new LatchkeyError('auth.forbidden', 'The request names no organisation.');
}

function parametersOf(context: ExecutionContext): Record<string, unknown> | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<{ params?: Record<string, unknown> }>().params;
    case 'graphql':
      return context.getArgByIndex<Record<string, unknown> | undefined>(1);
    default:
      return context.switchToWs().getData<Record<string, unknown> | undefined>();
  }
}

function assertAllOf(needed: readonly string[], granted: readonly string[]): void {
  if (needed.every((one) => granted.includes(one))) return;
  throw insufficient('The scope does not reach as far as this.', needed);
}

function assertOneOf(needed: readonly string[], held: readonly string[]): void {
  if (needed.some((one) => held.includes(one))) return;
  throw insufficient('This needs another role.');
}
