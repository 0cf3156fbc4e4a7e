import { Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** A logout token that has done its work, remembered until it would be too old anyway. */
@Entity('latchkey_used_logout_tokens')
export class UsedLogoutToken {
  /** SHA-256 of issuer and `jti`, base64url. */
  @PrimaryColumn({ type: 'varchar', length: 43 })
  id: string;

  @Index('latchkey_used_logout_tokens_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
