import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { Transactions } from './transactions.js';
import { takeOut, UpstreamRevocations } from './upstream-revocations.js';
import { User } from './user.entity.js';

/** The end of a user: nothing of theirs stays but the lines of the audit log, which hold ids alone. */
@Injectable()
export class Leaving {
  constructor(
    private readonly transactions: Transactions,
    private readonly vault: TokenVaultService,
    private readonly revocations: UpstreamRevocations,
    private readonly audit: AuditLog,
  ) {}

  async remove(userId: string): Promise<void> {
    const grants = await this.transactions.run(async (manager) => {
      const { affected } = await manager.delete(User, { id: userId });
      if (affected === 1)
        await this.audit.record({ event: 'user.removed', outcome: 'done', userId }, manager);
      return takeOut(this.vault, manager, await this.vault.ownersOf(manager, userId));
    });
    this.revocations.start(grants);
  }
}
