import { Column, Entity, Index } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';
import { SealedFor } from '../sealing/sealed-for.js';
import { SealedTokenSet } from './sealed-token-set.js';
import { bindingOf } from './token-set.binding.js';

/** What the vault has found out about a grant. `expiring` and `degraded` are derived from the row. */
export type GrantState = 'active' | 'reauthorization_required' | 'revoked';

/** Why only the person can bring a grant back. */
export type ReauthorizationReason =
  /** The provider has refused it. */
  | 'grant_invalid'
  /** The access token is over, and there is nothing to renew it with. */
  | 'no_refresh_token'
  /** The provider may have changed the refresh token in an answer that never arrived here. */
  | 'rotation_response_lost'
  /** The provider has told us that it is over. */
  | 'revoked_by_provider';

/** One sealed token set, and in clear beside it what listing and deciding need. */
@Entity('latchkey_secrets')
@Index('latchkey_secrets_by_account', ['userId', 'connectorId', 'subject'], { unique: true })
@Index('latchkey_secrets_by_target', ['userId', 'target', 'firstStoredAt', 'id'])
@Index('latchkey_secrets_by_key', ['sealed.keyId', 'id'])
@SealedFor(bindingOf)
@Index('latchkey_secrets_by_connector', ['connectorId', 'subject'])
@Index('latchkey_secrets_by_renewal', ['connectorId', 'renewAt'])
export class StoredSecret extends SealedTokenSet {
  /** By which a provider's notice about its refresh token finds the row: see `refresh-token-marks.ts`. */
  @Index('latchkey_secrets_by_token_prefix')
  @Column({ name: 'refresh_token_prefix', type: 'varchar', length: 43, nullable: true })
  refreshTokenPrefix: string | null;

  @Index('latchkey_secrets_by_token_hash')
  @Column({ name: 'refresh_token_hash', type: 'varchar', length: 43, nullable: true })
  refreshTokenHash: string | null;

  @Column({ type: 'varchar', length: 32 })
  state: GrantState;

  @Column({ name: 'state_reason', type: 'varchar', length: 64, nullable: true })
  stateReason: ReauthorizationReason | null;

  /** The attempt at a refresh that was begun and not ended: written before the provider is asked. */
  @Column({ name: 'attempt_id', type: 'varchar', length: 21, nullable: true })
  attemptId: string | null;

  /** When it was begun, and until when nobody else may begin one, in milliseconds by the database's clock. */
  @EpochColumn('attempted_at', { default: 0 })
  attemptedAt: number;

  @EpochColumn('lease_until', { default: 0 })
  leaseUntil: number;

  /** Attempts since the last one whose outcome is known. The refresh token may be spent by one of them. */
  @Column({ type: 'integer', default: 0 })
  unanswered: number;

  /** Refreshes that failed in a row, and when the next one may be tried. */
  @Column({ type: 'integer' })
  failures: number;

  @EpochColumn('retry_at', { nullable: true })
  retryAt: number | null;

  @EpochColumn('first_stored_at')
  firstStoredAt: number;

  /** When the provider last confirmed the access token, by granting it or when it was asked. */
  @EpochColumn('validated_at', { default: 0 })
  validatedAt: number;

  /** When the token set was last handed out, give or take an hour; null if never. */
  @EpochColumn('last_used_at', { nullable: true })
  lastUsedAt: number | null;

  /** When it is to be renewed without anybody asking; null if never. */
  @EpochColumn('renew_at', { nullable: true })
  renewAt: number | null;

  /** The status that was last made known as an event. */
  @Column({ name: 'announced_status', type: 'varchar', length: 32, default: 'active' })
  announcedStatus: string;

  /** When it may be another one although nobody has written anything; null if never. */
  @Index('latchkey_secrets_by_status_due')
  @EpochColumn('status_due_at', { nullable: true })
  statusDueAt: number | null;
}
