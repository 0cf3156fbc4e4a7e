import { Column, Entity, PrimaryColumn } from 'typeorm';
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
