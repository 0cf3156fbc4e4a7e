import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import type { RevocationOutcome } from '../common/revocation-outcome.js';
import { Events } from '../events/events.js';
import type { FormerGrant } from '../token-vault/leaving/revocations.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { accountInEvent, accountInLog } from './identity-at.js';
import { IdentityRows } from './identity-rows.js';
import type { Identity } from './identity.entity.js';
import { lockUser } from './profiles.js';
import { Refused } from './refused.js';
import { Transactions } from './transactions.js';
import { WaysIn } from './ways-in.js';

/** Whose account is to be unlinked, and who does it: the user themselves, or a program, which is nobody. */
export interface UnlinkRequest {
  readonly userId: string;
  readonly actorId: string | null;
  /** Picks one of the user's accounts. Throws where there is none. */
  readonly choose: (identities: readonly Identity[]) => Identity;
  /** The session that asks for it, where one does: it is the one that goes on. */
  readonly sessionId?: string;
}

/** An account that signs nobody in any more, and the session that wanted it so. */
export interface Unlinked extends Pick<UnlinkRequest, 'userId' | 'sessionId'> {
  readonly identityId: string;
}

/** The same, and what has become of what the account's provider had granted to us. */
export interface Departed extends Unlinked {
  readonly revocation: RevocationOutcome;
}

/** Told that an account is unlinked, once that is written. Who waits for the unlinking waits for this too. */
export type UnlinkListener = (unlinked: Unlinked) => Promise<void>;

/** What {@link Unlinking.conclude} is to do after the transaction. */
export interface Removal {
  readonly unlinked: Unlinked;
  readonly grants: readonly FormerGrant[];
}

/** Takes accounts away from users, with the token sets that were held of them. */
@Injectable()
export class Unlinking {
  private readonly listeners: UnlinkListener[] = [];

  constructor(
    private readonly transactions: Transactions,
    private readonly rows: IdentityRows,
    private readonly vault: TokenVaultService,
    private readonly waysIn: WaysIn,
    private readonly audit: AuditLog,
    private readonly events: Events,
  ) {}

  /** Whoever has let people in by their accounts registers here, before the application serves. */
  afterUnlink(listener: UnlinkListener): void {
    this.listeners.push(listener);
  }

  /** Rejects with `user.last_sign_in_method_required` where nothing would remain to sign in with, whatever races happen. */
  async unlink({ userId, choose, ...by }: UnlinkRequest): Promise<Departed> {
    const signsIn = await this.waysIn.now();
    const removal = await this.transactions.run(async (manager) => {
      await lockUser(manager, userId);
      const identities = await this.rows.ofUser(manager, userId);
      const chosen = choose(identities);
      const others = identities.filter(({ id }) => id !== chosen.id);
      if (!others.some(signsIn)) throw lastMethod(chosen, by.actorId);
      return this.remove(manager, chosen, by);
    });
    return this.conclude(removal);
  }

  /** Within a transaction in which another way to sign in remains; {@link conclude} comes after it. */
  async remove(
    manager: EntityManager,
    identity: Identity,
    { actorId, sessionId, reason = 'requested' }: UnlinkedBy,
  ): Promise<Removal> {
    const { id, userId } = identity;
    await this.rows.remove(manager, identity);
    await this.audit.record({ ...eventOf(identity, actorId), reason, outcome: 'done' }, manager);
    await this.events.publish(
      { event: 'Identity.Unlinked', userId, data: accountInEvent(identity, id) },
      manager,
    );
    const remaining = await this.rows.ofUser(manager, userId);
    const held = (await this.vault.ownersOf(manager, userId)).filter(
      (owner) => isOf(identity, owner) && !remaining.some((other) => isHeldThrough(other, owner)),
    );
    const grants = await this.vault.forgetAll(manager, held);
    return { unlinked: { userId, identityId: id, sessionId }, grants };
  }

  /** Ends the grants at the provider, and with the listeners what had begun with the account. */
  async conclude({ unlinked, grants }: Removal): Promise<Departed> {
    const revocation = this.vault.endGrants(grants);
    for (const listener of this.listeners) await listener(unlinked);
    return { ...unlinked, revocation: await revocation };
  }
}

type UnlinkedBy = Pick<UnlinkRequest, 'actorId' | 'sessionId'> & {
  /** For the audit log. Default: `requested`. */
  readonly reason?: string;
};

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
