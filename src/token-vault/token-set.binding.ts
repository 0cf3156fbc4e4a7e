import type { Binding } from '../sealing/sealer.js';
import type { SealedTokenSet } from './sealed-token-set.js';

/** The columns in clear that a reader relies on: changed in the row, the envelope no longer opens. */
export type BoundColumns = Omit<SealedTokenSet, 'sealed'>;

/** What the token set is bound to. */
export const bindingOf = (row: BoundColumns): Binding => [
  'token-set',
  row.id,
  row.userId,
  row.connectorId,
  row.target,
  row.subject,
  row.version,
  row.tokenType,
  row.scope,
  row.expiresAt,
  row.hasRefreshToken,
  row.obtainedAt,
  ...(row.refreshTokenExpiresAt === null ? [] : [row.refreshTokenExpiresAt]),
];
