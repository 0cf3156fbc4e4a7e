import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../common/epoch-column.js';

/** A person as we know them. Who they are elsewhere stands in their identities. */
@Entity('latchkey_users')
export class User {
  /** Twelve characters, as Logto's. */
  @PrimaryColumn({ type: 'varchar', length: 12 })
  id: string;

  @Column({ type: 'varchar', length: 512, nullable: true })
  name: string | null;

  @Column({ type: 'varchar', length: 512, nullable: true })
  email: string | null;

  @Column({ name: 'email_verified', type: 'boolean' })
  emailVerified: boolean;

  /** The address in the form in which it is compared. */
  @Index('latchkey_users_by_email')
  @Column({ name: 'email_canonical', type: 'varchar', length: 512, nullable: true })
  emailCanonical: string | null;

  /** For people; nobody signs in with it, and it need not be theirs alone. */
  @Column({ type: 'varchar', length: 512, nullable: true })
  username: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  phone: string | null;

  @Column({ name: 'phone_verified', type: 'boolean', default: false })
  phoneVerified: boolean;

  /** JSON: of each field who has set it, `user` or the id of an identity. Null where nobody knows any more. */
  @Column({ name: 'profile_sources', type: 'text', nullable: true })
  profileSources: string | null;

  @Column({ type: 'varchar', length: 2048, nullable: true })
  avatar: string | null;

  /** Let in nowhere until this is taken back. */
  @Column({ type: 'boolean', default: false })
  suspended: boolean;

  @EpochColumn('created_at')
  createdAt: number;

  @EpochColumn('last_sign_in_at')
  lastSignInAt: number;
}
