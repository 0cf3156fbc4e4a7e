import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sealed } from '../sealing/sealed.js';

/** Logto's tokens of a session, sealed. Gone with the session. */
@Entity('session_tokens')
export class SessionTokens {
  @PrimaryColumn({ name: 'session_id', type: 'varchar', length: 21 })
  sessionId: string;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;
}
