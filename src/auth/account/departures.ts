import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Notifications, type Heard } from '../../connectors/notifications/notifications.js';
import { IdentitiesService } from '../../identities/identities.service.js';
import { Unlinking } from '../../identities/unlinking.js';
import { UsersService } from '../../identities/users.service.js';
import { Sessions } from '../session/sessions.js';
import { AuthorizationTransactions } from '../sign-in/authorization-transactions.js';
import { VerificationRecords } from './verification-records.js';

/**
 * Ends what has begun with an account when that is unlinked or its provider says that its sessions are over, and whatever
 * is kept of a user when they are removed.
 */
@Injectable()
export class Departures implements OnModuleInit {
  constructor(
    private readonly unlinking: Unlinking,
    private readonly users: UsersService,
    private readonly notifications: Notifications,
    private readonly identities: IdentitiesService,
    private readonly sessions: Sessions,
    private readonly records: VerificationRecords,
    private readonly transactions: AuthorizationTransactions,
  ) {}

  onModuleInit(): void {
    this.unlinking.afterUnlink((unlinked) => this.sessions.endBegunWith(unlinked));
    this.users.afterRemoval((userId) => this.forget(userId));
    this.notifications.onNotification((heard) => this.hear(heard));
  }

  private async hear({ instances, notification }: Heard): Promise<string[]> {
    const { ends, issuer, subject } = notification;
    if (!ends.includes('sessions') || issuer === undefined || subject === undefined) return [];
    const concerned: string[] = [];
    for (const target of new Set(instances.map((instance) => instance.target))) {
      const identity = await this.identities.at(target, issuer, subject);
      if (!identity) continue;
      const { id: identityId, userId } = identity;
      await this.sessions.endBegunWith({ userId, identityId });
      concerned.push(userId);
    }
    return concerned;
  }

  /** Sessions first: they are what others could be begun with. */
  private async forget(userId: string): Promise<void> {
    await this.sessions.endAllOf(userId);
    await this.records.removeOf(userId);
    await this.transactions.removeOf(userId);
  }
}
