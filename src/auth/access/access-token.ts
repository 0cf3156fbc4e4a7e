import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { protocolId as name } from '../../connectors/profile.js';
import { splitScope } from '../../connectors/token-set.js';

/** A verified access token of Logto's, of a kind that is ours to accept (RFC 9068). */
export interface AccessToken {
  /** Logto's id of the user, or of the machine-to-machine application. */
  readonly subject: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Whether a program acts in its own name, and no person is behind it. */
  readonly isMachine: boolean;
  /**
   * What the scope speaks of: our API (`api`), our API within one organisation (`organization-api`), or an organisation
   * itself (`organization`).
   */
  readonly kind: 'api' | 'organization-api' | 'organization';
  readonly organizationId?: string;
  readonly scope: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Everything that the token says, custom claims included. */
  readonly claims: JWTPayload;
}

const ORGANIZATION_AUDIENCE = 'urn:logto:organization:';

const payload = z.looseObject({
  iss: name,
  sub: name,
  aud: z.union([name, z.array(name).min(1)]),
  client_id: name,
  exp: z.number(),
  iat: z.number(),
  scope: z.string().optional(),
  organization_id: name.optional(),
});

/**
 * Reads verified claims. Nothing where they are not those of an access token, or where the token was made for others:
 * its audience is neither one of ours nor an organisation.
 */
export function accessTokenOf(claims: JWTPayload, audiences: readonly string[]): AccessToken | undefined {
  const { success, data } = payload.safeParse(claims);
  const addressed = success ? addressOf(data, audiences) : undefined;
  if (!success || !addressed) return undefined;
  return {
    ...addressed,
    subject: data.sub,
    issuer: data.iss,
    clientId: data.client_id,
    isMachine: data.sub === data.client_id,
    scope: splitScope(data.scope ?? ''),
    expiresAt: data.exp,
    claims,
  };
}

function addressOf(
  { aud, organization_id: organizationId }: z.output<typeof payload>,
  audiences: readonly string[],
): Pick<AccessToken, 'kind' | 'organizationId'> | undefined {
  const named = [aud].flat();
  if (named.some((one) => audiences.includes(one)))
    return organizationId === undefined ? { kind: 'api' } : { kind: 'organization-api', organizationId };
  const [only, ...others] = named;
  if (others.length > 0 || !only?.startsWith(ORGANIZATION_AUDIENCE)) return undefined;
  return { kind: 'organization', organizationId: only.slice(ORGANIZATION_AUDIENCE.length) };
}
