import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** The one row that says who is rotating, and how far the last rotation came. */
@Entity('latchkey_key_rotation')
export class RotationState {
  @PrimaryColumn({ type: 'varchar', length: 16 })
  id: string;

  /** The key that is rotated to. */
  @Column({ name: 'key_id', type: 'varchar', length: 64 })
  keyId: string;

  @Column({ type: 'varchar', length: 21, nullable: true })
  runner: string | null;

  /** Until when nobody else rotates, in milliseconds by the database's clock; 0 is nobody. */
  @EpochColumn('lease_until')
  leaseUntil: number;

  @EpochColumn('started_at')
  startedAt: number;

  @EpochColumn('finished_at', { nullable: true })
  finishedAt: number | null;

  @Column({ type: 'integer' })
  resealed: number;

  /** Rows that do not open. */
  @Column({ type: 'integer' })
  failed: number;
}
