import { z } from 'zod';

const names = z.array(z.string()).optional().catch(undefined);

/** What Logto says of a person's roles and organisations, where it was asked for them. */
export const memberships = z.object({ roles: names, organizations: names, organization_roles: names });

export type Memberships = z.output<typeof memberships>;

const accessToken = z.object({
  token: z.string(),
  scope: z.array(z.string()),
  /** Seconds since the epoch. */
  obtainedAt: z.number(),
  expiresAt: z.number(),
});

/** An access token of Logto's as a session holds it. */
export type HeldAccessToken = z.output<typeof accessToken>;

/** The form in which a session's tokens are sealed. Access tokens by {@link keyOf}. */
export const logtoTokens = z.object({
  idToken: z.string(),
  refreshToken: z.string().optional(),
  accessTokens: z.record(z.string(), accessToken),
  memberships,
  /** What the sign-in asked for: Logto consumes the refresh token of whoever comes for anything else, and refuses. */
  asked: z.object({ resources: z.array(z.string()), scopes: z.array(z.string()) }),
});

export type LogtoTokens = z.output<typeof logtoTokens>;

/** Tokens that Logto may still renew. */
export type RenewableTokens = LogtoTokens & { readonly refreshToken: string };

export const isRenewable = (tokens: LogtoTokens): tokens is RenewableTokens =>
  tokens.refreshToken !== undefined;

/** What an access token is for: an API, an organisation, an API within an organisation, or UserInfo (none of them). */
export interface TokenPurpose {
  readonly resource?: string;
  readonly organizationId?: string;
}

/** The scope without which Logto names no organisation and gives no organisation token. */
export const ORGANIZATIONS_SCOPE = 'urn:logto:scope:organizations';

/** Whether the sign-in asked for what this token needs. */
export const covers = ({ asked }: LogtoTokens, { resource, organizationId }: TokenPurpose): boolean =>
  (resource === undefined || asked.resources.includes(resource)) &&
  (organizationId === undefined || asked.scopes.includes(ORGANIZATIONS_SCOPE));

/** As Logto's SDKs name it: `@<resource>#<organisation>`. */
export const keyOf = ({ resource = '', organizationId }: TokenPurpose): string =>
  `@${resource}${organizationId === undefined ? '' : `#${organizationId}`}`;

const MARGIN_SECONDS = 60;

/** Whether the token will still be good when it arrives: a minute before its end, or half its life, it is not. */
export function isFresh({ obtainedAt, expiresAt }: HeldAccessToken, now: number): boolean {
  return expiresAt - Math.min(MARGIN_SECONDS, (expiresAt - obtainedAt) / 2) > now;
}
