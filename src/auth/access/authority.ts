import type { JWTPayload } from 'jose';
import { isLatchkeyError } from '../../common/errors.js';
import { splitScope } from '../../connectors/token-set.js';
import { insufficient } from './bearer.js';
import type { AccessToken } from './access-token.js';
import type { LogtoClient } from '../logto/logto-client.js';

/** What a caller may do, by Logto's word. */
export interface Authority {
  /** The organisation of the credentials themselves: a token has one, a session has none. */
  readonly organizationId?: string;
  readonly roles: () => Promise<readonly string[]>;
  /** Permissions of our API, within the organisation if one is named. */
  readonly scopes: (organizationId?: string) => Promise<readonly string[]>;
  /** Permissions of the organisation itself. Rejects for one who does not belong to it. */
  readonly organizationScopes: (organizationId: string) => Promise<readonly string[]>;
  /** Rejects for one who does not belong to it. */
  readonly assertMember: (organizationId: string) => Promise<void>;
  /** What is left to do once the caller has been let in. */
  readonly admitted?: () => Promise<void>;
}

/** A token says all that it may, and of one kind of permission only. */
export function authorityOfToken(
  { kind, scope, claims, organizationId }: AccessToken,
  admitted?: Authority['admitted'],
): Authority {
  return {
    organizationId,
    admitted,
    roles: async () => textsOf(claims['roles']),
    scopes: async (within) =>
      kind === (within === undefined ? 'api' : 'organization-api')
        ? scope
        : refuse('another kind of access token'),
    organizationScopes: async () => (kind === 'organization' ? scope : refuse('an organisation token')),
    assertMember: async (within) =>
      within === organizationId ? undefined : refuse('a token of the organisation'),
  };
}

/** A session may do what Logto's tokens for its user say; they are fetched when they are needed, and kept. */
export const authorityOfSession = (client: LogtoClient, audience: string | undefined): Authority => ({
  roles: () => throughLogto(client.getRoles()),
  scopes: async (organizationId) =>
    audience === undefined
      ? refuse('a configured logto.audience')
      : scopeOf(await throughLogto(client.getAccessTokenClaims(audience, organizationId))),
  organizationScopes: async (organizationId) =>
    scopeOf(await throughLogto(client.getOrganizationTokenClaims(organizationId))),
  assertMember: async (organizationId) =>
    void (await throughLogto(client.getOrganizationToken(organizationId))),
});

/** Who is signed in, but not through Logto, may do nothing that Logto would have to say. */
const throughLogto = <Answer>(asked: Promise<Answer>): Promise<Answer> =>
  asked.catch((error: unknown) => {
    if (isLatchkeyError(error) && error.code === 'auth.unauthorized')
      return refuse('a sign-in through Logto');
    throw error;
  });

const refuse = (needed: string): never => {
  throw insufficient(`This needs ${needed}.`);
};

const scopeOf = ({ scope }: JWTPayload): string[] => (typeof scope === 'string' ? splitScope(scope) : []);

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
