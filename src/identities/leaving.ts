import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { Transactions } from './transactions.js';
import { takeOut, UpstreamRevocations } from './upstream-revocations.js';
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
    private readonly revocations: UpstreamRevocations,
    private readonly audit: AuditLog,
  ) {}

  afterRemoval(listener: RemovalListener): void {
    this.listeners.push(listener);
  }

  async remove(userId: string): Promise<void> {
    const grants = await this.transactions.run(async (manager) => {
      const { affected } = await manager.delete(User, { id: userId });
      if (affected === 1)
        await this.audit.record({ event: 'user.removed', outcome: 'done', userId }, manager);
      return takeOut(this.vault, manager, await this.vault.ownersOf(manager, userId));
    });
    this.revocations.start(grants);
    for (const listener of this.listeners) await listener(userId);
  }
}
