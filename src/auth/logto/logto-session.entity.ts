import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { Sealed } from '../../sealing/sealed.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import type { Binding } from '../../sealing/sealer.js';

/** What Logto has to do with a session of ours: who it is there, in which session of Logto's, and its tokens, sealed. */
@Entity('latchkey_logto_sessions')
@Index('latchkey_logto_sessions_by_subject', ['issuer', 'subject'])
@Index('latchkey_logto_sessions_by_key', ['sealed.keyId', 'sessionId'])
@SealedFor(bindingOf)
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

  /** Who is renewing the tokens at the moment, and until when nobody else does, in milliseconds by the database's clock. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 21, nullable: true })
  leaseOwner: string | null;

  @EpochColumn('lease_until', { nullable: true })
  leaseUntil: number | null;

  @Index('latchkey_logto_sessions_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}

export type BoundFacts = Pick<LogtoSession, 'sessionId' | 'version' | 'issuer' | 'subject' | 'sid'>;

/** What the tokens are bound to. */
export function bindingOf({ sessionId, version, issuer, subject, sid }: BoundFacts): Binding {
  return ['logto-session', sessionId, version, issuer, subject, sid];
}
