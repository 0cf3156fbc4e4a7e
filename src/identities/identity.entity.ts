import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';
import { User } from './user.entity.js';

/** A user at a provider. One account at a provider belongs to one user, whatever races happen. */
@Entity('latchkey_identities')
@Index('latchkey_identities_by_account', ['target', 'issuer', 'subject'], { unique: true })
@Index('latchkey_identities_by_user', ['userId'])
export class Identity {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  @ForeignKey<User>(() => User, { name: 'latchkey_identities_user', onDelete: 'CASCADE' })
  @Column({ name: 'user_id', type: 'varchar', length: 12 })
  userId: string;

  /** The connector instance that brought it; `logto` for Logto itself. */
  @Column({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  @Column({ type: 'varchar', length: 64 })
  target: string;

  @Column({ type: 'varchar', length: 255 })
  issuer: string;

  @Column({ type: 'varchar', length: 255 })
  subject: string;

  /** What the provider said at the last sign-in, for people to tell their accounts apart. */
  @Column({ type: 'varchar', length: 512, nullable: true })
  name: string | null;

  @Column({ type: 'varchar', length: 512, nullable: true })
  email: string | null;

  @Column({ name: 'email_verified', type: 'boolean' })
  emailVerified: boolean;

  /** The address in the form in which it is compared. */
  @Index('latchkey_identities_by_email')
  @Column({ name: 'email_canonical', type: 'varchar', length: 512, nullable: true })
  emailCanonical: string | null;

  /** Whether the provider is to be believed when it vouches for the address. */
  @Column({ name: 'email_authoritative', type: 'boolean', default: false })
  emailAuthoritative: boolean;

  @Column({ type: 'varchar', length: 512, nullable: true })
  username: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  phone: string | null;

  @Column({ name: 'phone_verified', type: 'boolean', default: false })
  phoneVerified: boolean;

  @Column({ type: 'varchar', length: 2048, nullable: true })
  avatar: string | null;

  /** JSON: the profile as the provider sent it. Null where it sent none, or one of more than 16 KiB. */
  @Column({ type: 'text', nullable: true })
  details: string | null;

  @EpochColumn('created_at')
  createdAt: number;

  @EpochColumn('last_used_at')
  lastUsedAt: number;
}
