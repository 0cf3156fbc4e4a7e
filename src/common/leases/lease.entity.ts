import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../epoch-column.js';

/** Who of all instances does something that one of them is enough for. */
@Entity('latchkey_leases')
export class Lease {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  name: string;

  @Column({ type: 'varchar', length: 21 })
  owner: string;

  /** In milliseconds by the database's clock. */
  @EpochColumn('held_until')
  heldUntil: number;
}
