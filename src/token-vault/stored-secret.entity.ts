import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';
import { Sealed } from '../sealing/sealed.js';

/** What the vault has found out about a grant. `expiring` and `degraded` are derived from the row. */
export type GrantState = 'active' | 'reauthorization_required';

/** Why only the person can bring a grant back. */
export type ReauthorizationReason = 'grant_invalid' | 'no_refresh_token';

/** One sealed token set, and in clear beside it what listing and deciding need. */
@Entity('latchkey_secrets')
@Index('latchkey_secrets_by_account', ['userId', 'connectorId', 'subject'], { unique: true })
@Index('latchkey_secrets_by_target', ['userId', 'target'])
export class StoredSecret {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  /** The application's user id, whatever its form. */
  @Column({ name: 'user_id', type: 'varchar', length: 128 })
  userId: string;

  @Column({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  @Column({ type: 'varchar', length: 64 })
  target: string;

  @Column({ type: 'varchar', length: 255 })
  subject: string;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;

  /** Raised by every write; a write that expects another one is refused. Part of what the ciphertext is bound to. */
  @Column({ type: 'integer' })
  version: number;

  @Column({ name: 'token_type', type: 'varchar', length: 64 })
  tokenType: string;

  /** Granted scopes, space-delimited; null when the provider did not say. */
  @Column({ type: 'text', nullable: true })
  scope: string | null;

  /** Null when the provider did not say. */
  @EpochColumn('expires_at', { nullable: true })
  expiresAt: number | null;

  /** Null when the provider did not say, as most do not. */
  @EpochColumn('refresh_token_expires_at', { nullable: true })
  refreshTokenExpiresAt: number | null;

  @Column({ name: 'has_refresh_token', type: 'boolean' })
  hasRefreshToken: boolean;

  @Column({ type: 'varchar', length: 32 })
  state: GrantState;

  @Column({ name: 'state_reason', type: 'varchar', length: 64, nullable: true })
  stateReason: ReauthorizationReason | null;

  /** Refreshes that failed in a row, and when the next one may be tried. */
  @Column({ type: 'integer' })
  failures: number;

  @EpochColumn('retry_at', { nullable: true })
  retryAt: number | null;

  @EpochColumn('first_stored_at')
  firstStoredAt: number;

  /** When the access token was obtained: at the sign-in, or by the last refresh. */
  @EpochColumn('obtained_at')
  obtainedAt: number;
}
