import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';

/** Where the chain ends, and where it begins since old rows were removed. One row: whoever appends holds its lock. */
@Entity('latchkey_audit_head')
export class AuditHead {
  @PrimaryColumn({ type: 'integer' })
  id: number;

  /** Of the last row; 0 while there is none. */
  @EpochColumn('position')
  position: number;

  @Column({ type: 'varchar', length: 43 })
  hash: string;

  /** Of the last row that retention has removed; 0 while it has removed none. */
  @EpochColumn('removed_position')
  removedPosition: number;

  @Column({ name: 'removed_hash', type: 'varchar', length: 43 })
  removedHash: string;

  /** That retention has removed what was before, and nobody else. */
  @Column({ name: 'removed_proof', type: 'varchar', length: 43 })
  removedProof: string;
}

/** The id of the one row. */
export const HEAD_ID = 1;
