import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** That a program may read the tokens of all users at one provider, for one purpose. */
@Entity('latchkey_token_grants')
@Index('latchkey_token_grants_by_use', ['clientId', 'target', 'purpose'], { unique: true })
export class TokenGrant {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  @Column({ name: 'client_id', type: 'varchar', length: 128 })
  clientId: string;

  @Column({ type: 'varchar', length: 64 })
  target: string;

  @Column({ type: 'varchar', length: 64 })
  purpose: string;

  /** Beyond which a token must not reach, space-delimited; null for any. */
  @Column({ type: 'text', nullable: true })
  scope: string | null;

  /** Null for never. */
  @EpochColumn('expires_at', { nullable: true })
  expiresAt: number | null;

  @EpochColumn('created_at')
  createdAt: number;

  /** By whom, as the audit log names them. */
  @Column({ name: 'created_by', type: 'varchar', length: 128, nullable: true })
  createdBy: string | null;
}
