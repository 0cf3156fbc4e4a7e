import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { StoredSignInExperience } from './sign-in-experience.entity.js';

/** What people are offered at sign-in, and whether their accounts are joined by themselves. */
export interface SignInSettings {
  /** In their order; absent: every connector that is switched on. */
  readonly targets?: readonly string[];
  readonly automaticAccountLinking: boolean;
  readonly version: number;
}

/** As long as nothing has been read. */
export const DEFAULT_SETTINGS: SignInSettings = { automaticAccountLinking: false, version: 0 };

const ID = 'default';
const READ = `SELECT social_targets, automatic_account_linking, version FROM latchkey_sign_in_experience WHERE id = '${ID}'`;

const list = z.array(z.string());

/** The one row. Writes are compare-and-set. */
@Injectable()
export class SignInExperienceStore {
  private readonly readRow: PreparedRead<Record<string, unknown>>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    reads: PreparedReads,
  ) {
    this.readRow = reads.prepare('latchkey_sign_in_experience', READ);
  }

  /** What has been committed, from outside of all transactions. */
  async read(): Promise<SignInSettings> {
    const row = await this.readRow();
    if (!row) return DEFAULT_SETTINGS;
    return settingsOf({
      socialTargets: row['social_targets'] as string | null,
      automaticAccountLinking: Boolean(row['automatic_account_linking']),
      version: row['version'] as number,
    });
  }

  async find(manager: EntityManager): Promise<SignInSettings> {
    const row = await manager.findOneBy(StoredSignInExperience, { id: ID });
    return row ? settingsOf(row) : DEFAULT_SETTINGS;
  }

  /** False when somebody else was first. The first is what the change was made from. */
  async replace(
    { version }: SignInSettings,
    { targets, automaticAccountLinking }: Omit<SignInSettings, 'version'>,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const socialTargets = targets === undefined ? null : JSON.stringify(targets);
    const row = { socialTargets, automaticAccountLinking, version: version + 1 };
    const { affected } = await manager.update(StoredSignInExperience, { id: ID, version }, row);
    return affected === 1;
  }
}

const settingsOf = ({
  socialTargets,
  automaticAccountLinking,
  version,
}: Omit<StoredSignInExperience, 'id'>): SignInSettings => ({
  targets: socialTargets === null ? undefined : list.parse(JSON.parse(socialTargets)),
  automaticAccountLinking,
  version,
});
