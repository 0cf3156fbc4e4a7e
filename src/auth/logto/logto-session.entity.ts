import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { Sealed } from '../../sealing/sealed.js';

/** What Logto has to do with a session of ours: who it is there, in which session of Logto's, and its tokens, sealed. */
@Entity('latchkey_logto_sessions')
@Index('latchkey_logto_sessions_by_subject', ['issuer', 'subject'])
export class LogtoSession {
  @PrimaryColumn({ name: 'session_id', type: 'varchar', length: 21 })
  sessionId: string;

  @Column({ type: 'varchar', length: 255 })
  issuer: string;

  @Column({ type: 'varchar', length: 255 })
  subject: string;

  /** Logto's own session, as its ID token names it. */
  @Index('latchkey_logto_sessions_by_sid')
  @Column({ type: 'varchar', length: 255, nullable: true })
  sid: string | null;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;

  /** Raised by each write of the sealed tokens, and bound into them. */
  @Column({ type: 'integer' })
  version: number;

  /** Who is renewing the tokens at the moment, and until when nobody else does. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 21, nullable: true })
  leaseOwner: string | null;

  @EpochColumn('lease_until', { nullable: true })
  leaseUntil: number | null;

  @Index('latchkey_logto_sessions_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
