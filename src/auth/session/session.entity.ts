import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** A signed-in browser. What the browser holds is not in here: the row knows its digest alone. */
@Entity('latchkey_sessions')
export class Session {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  /** SHA-256 of the cookie's value, base64url. */
  @Index('latchkey_sessions_by_token', { unique: true })
  @Column({ name: 'token_hash', type: 'varchar', length: 43 })
  tokenHash: string;

  /** As the application's {@link UserSerializer} knows the user; not necessarily one of our own. */
  @Index('latchkey_sessions_by_user')
  @Column({ name: 'user_id', type: 'varchar', length: 128 })
  userId: string;

  /** The account of the user with which the session began, among our identities. */
  @Column({ name: 'identity_id', type: 'varchar', length: 21, nullable: true })
  identityId: string | null;

  /** What the browser called itself at the sign-in, for people to tell their sessions apart. */
  @Column({ name: 'user_agent', type: 'varchar', length: 256, nullable: true })
  userAgent: string | null;

  @EpochColumn('created_at')
  createdAt: number;

  @Index('latchkey_sessions_by_last_use')
  @EpochColumn('last_seen_at')
  lastSeenAt: number;

  @Index('latchkey_sessions_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
