import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import type { CurrentUser } from '../common/current-user.js';
import { PreparedReads, type PreparedRead } from '../common/prepared-reads.js';
import { Leaving } from './leaving.js';
import { User } from './user.entity.js';

/** Our users, one by one. What is done to a user here takes effect on every instance within a second. */
@Injectable()
export class UsersService {
  private readonly users: Repository<User>;
  private readonly byId: PreparedRead<Record<string, unknown>>;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    reads: PreparedReads,
    private readonly leaving: Leaving,
  ) {
    this.users = dataSource.getRepository(User);
    this.byId = reads.prepare(
      'latchkey_user_by_id',
      'SELECT id, name, email, email_verified, avatar, suspended FROM latchkey_users WHERE id = $1',
    );
  }

  /** The user who may be let in: nothing for one who is suspended, deleted or unknown. */
  async findActive(id: string): Promise<CurrentUser | undefined> {
    const row = await this.byId(id);
    return row && !row['suspended'] ? userOf(row) : undefined;
  }

  /** Refuses every session, access token and sign-in of the user until {@link restore}; nothing is deleted. */
  async suspend(id: string): Promise<void> {
    await this.users.update({ id }, { suspended: true });
  }

  async restore(id: string): Promise<void> {
    await this.users.update({ id }, { suspended: false });
  }

  /** Deletes the user with all identities and token sets. Whoever signs in with one of them afterwards is a new user. */
  remove(id: string): Promise<void> {
    return this.leaving.remove(id);
  }
}

const userOf = (row: Record<string, unknown>): CurrentUser => ({
  id: String(row['id']),
  name: textOf(row['name']),
  email: textOf(row['email']),
  emailVerified: Boolean(row['email_verified']),
  avatar: textOf(row['avatar']),
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
