import { Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** An event of a provider that has had its effect, so that it has none if it comes again. */
@Entity('latchkey_heard_notifications')
export class HeardNotification {
  /** SHA-256 of the instance and the event's id, base64url. */
  @PrimaryColumn({ type: 'varchar', length: 43 })
  id: string;

  @Index('latchkey_heard_notifications_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
