import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Unlinking } from '../../identities/unlinking.js';
import { UsersService } from '../../identities/users.service.js';
import { Sessions } from '../session/sessions.js';
import { AuthorizationTransactions } from '../sign-in/authorization-transactions.js';
import { VerificationRecords } from './verification-records.js';

/** Ends what has begun with an account when that is unlinked, and whatever is kept of a user when they are removed. */
@Injectable()
export class Departures implements OnModuleInit {
  constructor(
    private readonly unlinking: Unlinking,
    private readonly users: UsersService,
    private readonly sessions: Sessions,
    private readonly records: VerificationRecords,
    private readonly transactions: AuthorizationTransactions,
  ) {}

  onModuleInit(): void {
    this.unlinking.afterUnlink((unlinked) => this.sessions.endBegunWith(unlinked));
    this.users.afterRemoval((userId) => this.forget(userId));
  }

  /** Sessions first: they are what others could be begun with. */
  private async forget(userId: string): Promise<void> {
    await this.sessions.endAllOf(userId);
    await this.records.removeOf(userId);
    await this.transactions.removeOf(userId);
  }
}
