import { epoch } from '../common/epoch-column.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** What the hot reads select: all that a reader or a refresh looks at. */
export const SECRET_COLUMNS = [
  'id',
  'user_id',
  'connector_id',
  'target',
  'subject',
  'key_id',
  'wrapped_key',
  'ciphertext',
  'version',
  'token_type',
  'scope',
  'expires_at',
  'refresh_token_expires_at',
  'has_refresh_token',
  'state',
  'state_reason',
  'attempt_id',
  'attempted_at',
  'lease_until',
  'unanswered',
  'failures',
  'retry_at',
  'first_stored_at',
  'obtained_at',
  'validated_at',
  'last_used_at',
  'renew_at',
  'announced_status',
  'status_due_at',
];

/** A row as a list of {@link SECRET_COLUMNS}. */
export type SecretRow = readonly unknown[];

export function secretOf(row: SecretRow | undefined): StoredSecret | undefined {
  if (!row) return undefined;
  return {
    id: row[0],
    userId: row[1],
    connectorId: row[2],
    target: row[3],
    subject: row[4],
    sealed: { keyId: row[5], wrappedKey: row[6], ciphertext: row[7] },
    version: row[8],
    tokenType: row[9],
    scope: row[10],
    expiresAt: epoch(row[11]),
    refreshTokenExpiresAt: epoch(row[12]),
    hasRefreshToken: Boolean(row[13]),
    state: row[14],
    stateReason: row[15],
    attemptId: row[16],
    attemptedAt: epoch(row[17]),
    leaseUntil: epoch(row[18]),
    unanswered: row[19],
    failures: row[20],
    retryAt: epoch(row[21]),
    firstStoredAt: epoch(row[22]),
    obtainedAt: epoch(row[23]),
    validatedAt: epoch(row[24]),
    lastUsedAt: epoch(row[25]),
    renewAt: epoch(row[26]),
    announcedStatus: row[27],
    statusDueAt: epoch(row[28]),
  } as StoredSecret;
}
