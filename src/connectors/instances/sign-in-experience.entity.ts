import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What people are offered at sign-in. One row. */
@Entity('latchkey_sign_in_experience')
export class StoredSignInExperience {
  @PrimaryColumn({ type: 'varchar', length: 16 })
  id: string;

  /** JSON list of targets in their order; null: every connector that is switched on. */
  @Column({ name: 'social_targets', type: 'text', nullable: true })
  socialTargets: string | null;

  @Column({ name: 'automatic_account_linking', type: 'boolean' })
  automaticAccountLinking: boolean;

  @Column({ type: 'integer' })
  version: number;
}
