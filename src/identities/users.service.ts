import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { CurrentUser } from '../common/current-user.js';
import type { RevocationOutcome } from '../common/revocation-outcome.js';
import { PreparedReads, type PreparedRead } from '../common/prepared-reads.js';
import { Events } from '../events/events.js';
import { Leaving, type RemovalListener } from './leaving.js';
import { Transactions } from './transactions.js';
import { User } from './user.entity.js';

/** Our users, one by one. What is done to a user here takes effect on every instance within a second. */
@Injectable()
export class UsersService {
  private readonly byId: PreparedRead<Record<string, unknown>>;

  constructor(
    reads: PreparedReads,
    private readonly leaving: Leaving,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly events: Events,
  ) {
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
  suspend(id: string): Promise<void> {
    return this.mark(id, true);
  }

  restore(id: string): Promise<void> {
    return this.mark(id, false);
  }

  /** Whoever keeps something of users registers here, before the application serves. */
  afterRemoval(listener: RemovalListener): void {
    this.leaving.afterRemoval(listener);
  }

  /**
   * Deletes the user with all identities, token sets and sessions. Whoever signs in with one of them afterwards is a new
   * user. Resolves with what has become of the grants at the providers, all of them together.
   */
  remove(id: string): Promise<RevocationOutcome> {
    return this.leaving.remove(id);
  }

  /** Nothing happens, and nothing is written down, where it is so already. */
  private mark(id: string, suspended: boolean): Promise<void> {
    const event = suspended ? 'user.suspended' : 'user.restored';
    return this.transactions.run(async (manager) => {
      const { affected } = await manager.update(User, { id, suspended: !suspended }, { suspended });
      if (affected !== 1) return;
      await this.audit.record({ event, outcome: 'done', userId: id }, manager);
      const data = { isSuspended: suspended };
      await this.events.publish({ event: 'User.SuspensionStatus.Updated', userId: id, data }, manager);
    });
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
