import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Sealed } from '../../sealing/sealed.js';
import { Session } from '../session/session.entity.js';

/** Logto's tokens of a session, sealed. Gone with the session. */
@Entity('latchkey_session_tokens')
export class SessionTokens {
  @ForeignKey<Session>(() => Session, { name: 'latchkey_session_tokens_session', onDelete: 'CASCADE' })
  @PrimaryColumn({ name: 'session_id', type: 'varchar', length: 21 })
  sessionId: string;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;
}
