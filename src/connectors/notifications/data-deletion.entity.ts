import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** That a provider has asked for somebody's data to be deleted, and when that was done. Not whose. */
@Entity('latchkey_data_deletions')
export class DataDeletion {
  /** SHA-256 of the confirmation code, base64url. */
  @PrimaryColumn({ type: 'varchar', length: 43 })
  id: string;

  @Column({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  @EpochColumn('completed_at')
  completedAt: number;
}
