import type { ExecutionContext } from '@nestjs/common';
import { establish } from '../../common/established.js';
import type { Authority } from './authority.js';
import { insufficient } from './bearer.js';
import { FROM_TOKEN, type Requirements } from './requirements.js';

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
  establish(context, { organizationId });
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
  const named = organization === FROM_TOKEN ? own : parametersOf(context)?.[organization];
  if (typeof named !== 'string' || named === '') throw insufficient('The request names no organisation.');
  if (own !== undefined && named !== own) throw insufficient('The access token is for another organisation.');
  return named;
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
