import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { User } from '../../identities/user.entity.js';

/** A signed-in browser. What the browser holds is not in here: the row knows its digest alone. */
@Entity('latchkey_sessions')
export class Session {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  /** SHA-256 of the cookie's value, base64url. */
  @Index('latchkey_sessions_by_token', { unique: true })
  @Column({ name: 'token_hash', type: 'varchar', length: 43 })
  tokenHash: string;

  @ForeignKey<User>(() => User, { name: 'latchkey_sessions_user', onDelete: 'CASCADE' })
  @Index('latchkey_sessions_by_user')
  @Column({ name: 'user_id', type: 'varchar', length: 12 })
  userId: string;

  @EpochColumn('created_at')
  createdAt: number;

  @Index('latchkey_sessions_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
