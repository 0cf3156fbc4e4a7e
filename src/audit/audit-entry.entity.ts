import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';

export type AuditOutcome = 'done' | 'refused';

/** One thing that was done or refused. Rows are appended and never changed. */
@Entity('latchkey_audit_log')
@Index('latchkey_audit_log_by_user', ['userId'])
export class AuditEntry {
  /** Rises with every row. */
  @PrimaryGeneratedColumn({ type: 'integer' })
  id: number;

  /** Seconds since the epoch. */
  @Index('latchkey_audit_log_by_time')
  @EpochColumn('at')
  at: number;

  /** What, by a stable name such as `identity.linked`. */
  @Column({ type: 'varchar', length: 64 })
  event: string;

  @Column({ type: 'varchar', length: 16 })
  outcome: AuditOutcome;

  /** Why, by a stable name. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  reason: string | null;

  /** The user who did it, or `client:<id>` for a program; null where nobody was known yet. */
  @Column({ name: 'actor_id', type: 'varchar', length: 128, nullable: true })
  actorId: string | null;

  /** The user to whom it was done. */
  @Column({ name: 'user_id', type: 'varchar', length: 128, nullable: true })
  userId: string | null;

  @Column({ name: 'connector_id', type: 'varchar', length: 64, nullable: true })
  connectorId: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  target: string | null;

  /** SHA-256 of the account at the provider, base64url. */
  @Column({ type: 'varchar', length: 43, nullable: true })
  subject: string | null;

  @Column({ name: 'identity_id', type: 'varchar', length: 21, nullable: true })
  identityId: string | null;
}
