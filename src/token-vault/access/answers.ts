import type { TrailEntry } from '../../audit/audit-trail.js';
import type { TokenSetStatus } from '../freshness.js';
import type { TokenSetSummary } from '../token-vault.service.js';

/** A token set, for its owner. Times are seconds since the epoch. */
export interface TokenSetAnswer {
  readonly id: string;
  readonly target: string;
  readonly connector_id: string;
  /** The account at the provider. */
  readonly subject: string;
  readonly status: TokenSetStatus;
  readonly reason: string | null;
  /** Where the person renews the access, where that is or will be needed. */
  readonly authorization_url?: string;
  readonly scope: string | null;
  readonly expires_at: number | null;
  readonly has_refresh_token: boolean;
  readonly refresh_token_expires_at: number | null;
  readonly first_stored_at: number;
  /** By a refresh, or by the person; null if never. */
  readonly last_renewed_at: number | null;
  readonly last_used_at: number | null;
}

const NEEDS_PERSON = new Set<TokenSetStatus>(['expiring', 'reauthorization_required', 'revoked']);

export const tokenSetAnswer = (summary: TokenSetSummary, authorizationUrl?: string): TokenSetAnswer => ({
  id: summary.id,
  target: summary.target,
  connector_id: summary.connectorId,
  subject: summary.subject,
  status: summary.status,
  reason: summary.reason,
  authorization_url: NEEDS_PERSON.has(summary.status) ? authorizationUrl : undefined,
  scope: summary.scope,
  expires_at: summary.expiresAt,
  has_refresh_token: summary.hasRefreshToken,
  refresh_token_expires_at: summary.refreshTokenExpiresAt,
  first_stored_at: summary.firstStoredAt,
  last_renewed_at: renewedAt(summary),
  last_used_at: summary.lastUsedAt,
});

/** The same in Logto's form, for administrators. Times are milliseconds since the epoch but in `metadata`, as Logto's. */
export interface TokenSecretAnswer {
  readonly id: string;
  readonly userId: string;
  readonly type: 'federated_token_set';
  readonly connectorId: string;
  readonly target: string;
  /** The account at the provider. */
  readonly identityId: string;
  readonly metadata: {
    readonly scope?: string;
    readonly expiresAt?: number;
    readonly tokenType: string;
    readonly hasRefreshToken: boolean;
    readonly status: TokenSetStatus;
    readonly reason: string | null;
    readonly refreshTokenExpiresAt: number | null;
    readonly firstStoredAt: number;
    readonly lastRefreshedAt: number | null;
    readonly lastUsedAt: number | null;
  };
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const tokenSecretAnswer = (userId: string, summary: TokenSetSummary): TokenSecretAnswer => ({
  id: summary.id,
  userId,
  type: 'federated_token_set',
  connectorId: summary.connectorId,
  target: summary.target,
  identityId: summary.subject,
  metadata: {
    scope: summary.scope ?? undefined,
    expiresAt: summary.expiresAt ?? undefined,
    tokenType: summary.tokenType,
    hasRefreshToken: summary.hasRefreshToken,
    status: summary.status,
    reason: summary.reason,
    refreshTokenExpiresAt: summary.refreshTokenExpiresAt,
    firstStoredAt: summary.firstStoredAt,
    lastRefreshedAt: renewedAt(summary),
    lastUsedAt: summary.lastUsedAt,
  },
  createdAt: summary.firstStoredAt * 1000,
  updatedAt: summary.obtainedAt * 1000,
});

/** One time that somebody asked for a token of the user's. `time` is in seconds since the epoch. */
export interface TokenReadAnswer {
  readonly time: number;
  readonly target: string | null;
  readonly token_set_id: string | null;
  /** `application`: the code of this application itself. */
  readonly by: 'user' | 'client' | 'application';
  /** The OAuth client through which they asked. */
  readonly client_id: string | null;
  readonly purpose: string | null;
  /** What the program has stated. */
  readonly reason: string | null;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** Why it brought nothing, by the code of the error. */
  readonly error: string | null;
  /** How many there were, where one entry stands for several. */
  readonly count: number;
}

export const tokenReadAnswer = (entry: TrailEntry, userId: string): TokenReadAnswer => ({
  time: entry.at,
  target: entry.target,
  token_set_id: entry.secretId,
  by: entry.actorId === userId ? 'user' : entry.actorId === null ? 'application' : 'client',
  client_id: entry.clientId,
  purpose: entry.purpose,
  reason: entry.statedReason,
  outcome: entry.outcome,
  error: entry.reason,
  count: entry.count ?? 1,
});

const renewedAt = ({ firstStoredAt, obtainedAt }: TokenSetSummary): number | null =>
  obtainedAt > firstStoredAt ? obtainedAt : null;
