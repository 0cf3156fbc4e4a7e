import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';

/** A key that was in use once, and a known value sealed under it, by which another key of the same id is found out. */
@Entity('latchkey_keys')
export class KeyRecord {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string;

  @Column({ name: 'check_key', type: 'text' })
  checkKey: string;

  @Column({ name: 'check_value', type: 'text' })
  checkValue: string;

  @EpochColumn('first_seen_at')
  firstSeenAt: number;
}
