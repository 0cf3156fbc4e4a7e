import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';

/** `failed` is what was allowed and did not succeed. */
export type AuditOutcome = 'done' | 'refused' | 'failed';

/** What a row says of what happened. */
export abstract class AuditFacts {
  /** Seconds since the epoch. */
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

  @Column({ name: 'secret_id', type: 'varchar', length: 21, nullable: true })
  secretId: string | null;

  /** The program that asked: its OAuth client id. */
  @Column({ name: 'client_id', type: 'varchar', length: 128, nullable: true })
  clientId: string | null;

  /** What for, by the name under which it was granted. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  purpose: string | null;

  /** The reason that a program gave, in its own words: the only free text here. */
  @Column({ name: 'stated_reason', type: 'varchar', length: 256, nullable: true })
  statedReason: string | null;

  /** How many, where one row stands for several. */
  @Column({ type: 'integer', nullable: true })
  count: number | null;
}

/**
 * How a row came into the chain: by the transaction of what it speaks of, by way of memory, or in a manner that does
 * not show that Latchkey wrote it.
 */
export type AuditOrigin = 'recorded' | 'noted' | 'unproven';

/** One thing that was done or refused. Rows are appended and never changed, but for taking their place in the chain. */
@Entity('latchkey_audit_log')
@Index('latchkey_audit_log_by_user', ['userId', 'position'])
@Index('latchkey_audit_log_by_position', ['position'], { unique: true })
@Index('latchkey_audit_log_by_proof', ['proof'], { unique: true, where: 'proof IS NOT NULL' })
@Index('latchkey_audit_log_unchained', ['id'], { where: 'position IS NULL' })
export class AuditEntry extends AuditFacts {
  /** Rises with every row. Rows are known by their position: this one is for those that have none yet. */
  @PrimaryColumn({
    type: 'bigint',
    generated: 'increment',
    transformer: { to: (id: unknown) => id, from: Number },
  })
  id: number;

  /** That Latchkey wrote the row, once: nobody else makes one, and no two rows have the same. Null on noted rows. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  proof: string | null;

  @Column({ type: 'varchar', length: 16, nullable: true })
  origin: AuditOrigin | null;

  /** 1, 2, 3 … without gaps; null until the row is in the chain. */
  @EpochColumn('position', { nullable: true })
  position: number | null;

  /** Of this row, its position and the hash before it, base64url. */
  @Column({ type: 'varchar', length: 43, nullable: true })
  hash: string | null;
}
