import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Events } from '../events/events.js';
import type { RevocationOutcome } from '../common/revocation-outcome.js';
import type { FormerGrant } from '../token-vault/leaving/revocations.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { Transactions } from './transactions.js';
import { User } from './user.entity.js';

/** Told that a user is gone, once that is written. Who waits for the removal waits for this too. */
export type RemovalListener = (userId: string) => Promise<void>;

/**
 * The end of a user: identities and token sets go in one transaction, then the grants at the providers, and what others
 * keep of the user, who are told of it. What stays are the lines of the audit log, which hold ids alone.
 */
@Injectable()
export class Leaving {
  private readonly listeners: RemovalListener[] = [];

  constructor(
    private readonly transactions: Transactions,
    private readonly vault: TokenVaultService,
    private readonly audit: AuditLog,
    private readonly events: Events,
  ) {}

  afterRemoval(listener: RemovalListener): void {
    this.listeners.push(listener);
  }

  /** Resolves with what has become of what the user's providers had granted to us. */
  async remove(userId: string): Promise<RevocationOutcome> {
    const grants = await this.transactions.run((manager) => this.erase(manager, userId));
    return this.conclude(userId, grants);
  }

  /** Within a transaction; {@link conclude} comes after it. */
  async erase(manager: EntityManager, userId: string): Promise<FormerGrant[]> {
    const { affected } = await manager.delete(User, { id: userId });
    if (affected === 1) {
      await this.audit.record({ event: 'user.removed', outcome: 'done', userId }, manager);
      await this.events.publish({ event: 'User.Deleted', userId, data: {} }, manager);
    }
    return this.vault.forgetAll(manager, await this.vault.ownersOf(manager, userId));
  }

  async conclude(userId: string, grants: readonly FormerGrant[]): Promise<RevocationOutcome> {
    const revocation = this.vault.endGrants(grants);
    for (const listener of this.listeners) await listener(userId);
    return revocation;
  }
}
