import { Column, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';
import { Sealed } from '../sealing/sealed.js';

/** A sealed token set and the columns that it is bound to: what moves unopened from the vault when a grant is to be ended. */
export abstract class SealedTokenSet {
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

  /** Raised by every write; a write that expects another one is refused. */
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

  /** When the access token was obtained: at the sign-in, or by the last refresh. */
  @EpochColumn('obtained_at')
  obtainedAt: number;
}
