import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Notifications, type Heard } from '../connectors/notifications/notifications.js';
import type { FormerGrant } from '../token-vault/leaving/revocations.js';
import { IdentityRows } from './identity-rows.js';
import { Identity } from './identity.entity.js';
import { Leaving } from './leaving.js';
import { withoutSource } from './profile-sources.js';
import { lockUser } from './profiles.js';
import { Transactions } from './transactions.js';
import { Unlinking, type Removal } from './unlinking.js';
import { User } from './user.entity.js';

/**
 * Deletes what we have of an account when its provider demands it, which counts for more than that somebody may be left
 * without a way in. A user without any other account goes altogether, since all that is known of them came from it; of any
 * other user goes the account, and what it has set in their profile.
 */
@Injectable()
export class Erasures implements OnModuleInit {
  constructor(
    private readonly notifications: Notifications,
    private readonly transactions: Transactions,
    private readonly rows: IdentityRows,
    private readonly unlinking: Unlinking,
    private readonly leaving: Leaving,
  ) {}

  onModuleInit(): void {
    this.notifications.onNotification((heard) => this.hear(heard));
  }

  private async hear({ instances, notification }: Heard): Promise<string[]> {
    const { ends, issuer, subject } = notification;
    if (!ends.includes('account') || issuer === undefined || subject === undefined) return [];
    const concerned: string[] = [];
    for (const target of new Set(instances.map((instance) => instance.target)))
      concerned.push(...(await this.eraseAt({ target, issuer, subject })));
    return concerned;
  }

  private async eraseAt(account: Account): Promise<string[]> {
    const erased = await this.transactions.run((manager) => this.erase(manager, account));
    if (!erased) return [];
    if ('removal' in erased) await this.unlinking.conclude(erased.removal);
    else await this.leaving.conclude(erased.userId, erased.grants);
    return [erased.userId];
  }

  private async erase(manager: EntityManager, account: Account): Promise<Erased | undefined> {
    const found = await manager.findOneBy(Identity, account);
    if (!found || !(await lockUser(manager, found.userId))) return undefined;
    const { id, userId } = found;
    const others = (await this.rows.ofUser(manager, userId)).filter((other) => other.id !== id);
    if (others.length === 0) return { userId, grants: await this.leaving.erase(manager, userId) };
    const by = { actorId: null, reason: 'demanded_by_provider' };
    const removal = await this.unlinking.remove(manager, found, by);
    const user = await manager.findOneByOrFail(User, { id: userId });
    const profile = withoutSource(user, id);
    if (profile) await manager.update(User, { id: userId }, profile);
    return { userId, removal };
  }
}

type Account = Pick<Identity, 'target' | 'issuer' | 'subject'>;

type Erased = { readonly userId: string } & (
  { readonly removal: Removal } | { readonly grants: readonly FormerGrant[] }
);
