import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { accountInLog } from './identity-at.js';
import { IdentityRows } from './identity-rows.js';
import { Identity } from './identity.entity.js';
import { lockUser } from './profiles.js';
import { Refused } from './refused.js';
import { Transactions } from './transactions.js';
import { takeOut, UpstreamRevocations, type FormerGrant } from './upstream-revocations.js';

/** Whose account is to be unlinked, and who does it: the user themselves, or a program, which is nobody. */
export interface UnlinkRequest {
  readonly userId: string;
  readonly actorId: string | null;
  /** Picks one of the user's accounts. Throws where there is none. */
  readonly choose: (identities: readonly Identity[]) => Identity;
}

/** Takes accounts away from users, with the token sets that were held of them. */
@Injectable()
export class Unlinking {
  constructor(
    private readonly transactions: Transactions,
    private readonly rows: IdentityRows,
    private readonly vault: TokenVaultService,
    private readonly connectors: ConnectorRegistry,
    private readonly revocations: UpstreamRevocations,
    private readonly audit: AuditLog,
  ) {}

  /** Rejects with `user.last_sign_in_method_required` where nothing would remain to sign in with, whatever races happen. */
  async unlink({ userId, actorId, choose }: UnlinkRequest): Promise<void> {
    const grants = await this.transactions.run(async (manager) => {
      await lockUser(manager, userId);
      const identities = await this.rows.ofUser(manager, userId);
      const chosen = choose(identities);
      const others = identities.filter(({ id }) => id !== chosen.id);
      if (!others.some((identity) => this.canSignIn(identity))) throw lastMethod(chosen, actorId);
      return this.remove(manager, chosen, actorId);
    });
    this.revocations.start(grants);
  }

  /** Within a transaction in which another way to sign in remains. What it returns is to be ended at the provider afterwards. */
  async remove(manager: EntityManager, identity: Identity, actorId: string | null): Promise<FormerGrant[]> {
    const { id, userId } = identity;
    await manager.delete(Identity, { id });
    await this.audit.record({ ...eventOf(identity, actorId), reason: 'requested', outcome: 'done' }, manager);
    const remaining = await this.rows.ofUser(manager, userId);
    const held = (await this.vault.ownersOf(manager, userId)).filter(
      (owner) => isOf(identity, owner) && !remaining.some((other) => isHeldThrough(other, owner)),
    );
    return takeOut(this.vault, manager, held);
  }

  /** A connector that is switched off lets nobody in. */
  private canSignIn({ connectorId }: Identity): boolean {
    return this.connectors.peek(connectorId)?.instance.enabled !== false;
  }
}

type Account = Pick<Identity, 'connectorId' | 'target' | 'subject'>;

/** Through whichever instance: a person may have come through several of one provider. */
const isOf = ({ target, subject }: Account, owner: Account): boolean =>
  owner.target === target && owner.subject === subject;

const isHeldThrough = (other: Account, owner: Account): boolean =>
  isOf(other, owner) && other.connectorId === owner.connectorId;

const eventOf = (identity: Identity, actorId: string | null) => ({
  event: 'identity.unlinked',
  actorId,
  userId: identity.userId,
  identityId: identity.id,
  ...accountInLog({ ...identity, identity }),
});

const lastMethod = (identity: Identity, actorId: string | null): Refused =>
  new Refused(
    'user.last_sign_in_method_required',
    'This is the only account that signs you in. Link another one first.',
    { ...eventOf(identity, actorId), reason: 'last_sign_in_method' },
  );
