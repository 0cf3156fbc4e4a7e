import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../common/clock.js';
import { randomId } from '../common/random.js';
import { Events } from '../events/events.js';
import { lockAddress } from './address-lock.js';
import { accountInEvent, accountInLog, type IdentityAt } from './identity-at.js';
import { IdentityRows } from './identity-rows.js';
import { LinkingPolicy } from './linking.policy.js';
import { Profiles } from './profiles.js';
import { Refused, suspended } from './refused.js';
import { Overtaken } from './transactions.js';
import { User } from './user.entity.js';

/** What becomes of accounts that nobody has used here before, as the linking policy decides. */
@Injectable()
export class Newcomers {
  constructor(
    private readonly policy: LinkingPolicy,
    private readonly rows: IdentityRows,
    private readonly profiles: Profiles,
    private readonly audit: AuditLog,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** The user whose the account is from now on. Rejects with `user.email_already_in_use` or `user.suspended`. */
  async admit(manager: EntityManager, at: IdentityAt): Promise<string> {
    await lockAddress(manager, at.identity.email);
    const decision = await this.policy.decide(manager, at);
    switch (decision.action) {
      case 'create':
        return this.create(manager, at, decision.reason);
      case 'link':
        return this.join(manager, at, decision);
      case 'refuse':
        await this.assertStillUnknown(manager, at);
        throw refusal(at, decision.reason);
    }
  }

  /** The address may be that of this very account, which came a moment ago by another request. */
  private async assertStillUnknown(manager: EntityManager, at: IdentityAt): Promise<void> {
    if (await this.rows.find(manager, at)) throw new Overtaken('the account is known by now');
  }

  private async create(manager: EntityManager, at: IdentityAt, reason: string): Promise<string> {
    const [userId, identityId] = [randomId(12), randomId(21)];
    const now = this.clock.now();
    const profile = await this.profiles.firstOf(manager, identityId, at);
    await manager.insert(User, {
      id: userId,
      ...profile,
      suspended: false,
      createdAt: now,
      lastSignInAt: now,
    });
    await this.rows.insert(manager, { id: identityId, userId }, at);
    const event = { event: 'user.created', outcome: 'done', reason, actorId: userId, userId } as const;
    await this.audit.record({ ...event, identityId, ...accountInLog(at) }, manager);
    const data = accountInEvent(at, identityId);
    await this.events.publish({ event: 'User.Created', userId, data }, manager);
    return userId;
  }

  private async join(
    manager: EntityManager,
    at: IdentityAt,
    { userId, reason }: { readonly userId: string; readonly reason: string },
  ): Promise<string> {
    const criteria = { id: userId, suspended: false };
    const { affected } = await manager.update(User, criteria, { lastSignInAt: this.clock.now() });
    if (affected !== 1) throw suspended(userId, at);
    const identityId = randomId(21);
    await this.rows.insert(manager, { id: identityId, userId }, at);
    const event = { event: 'identity.linked', outcome: 'done', reason, actorId: userId, userId } as const;
    await this.audit.record({ ...event, identityId, ...accountInLog(at) }, manager);
    const data = accountInEvent(at, identityId);
    await this.events.publish({ event: 'Identity.Linked', userId, data }, manager);
    return userId;
  }
}

/** Says nothing of the other account, not even which provider it is at. */
const refusal = (at: IdentityAt, reason: string): Refused =>
  new Refused(
    'user.email_already_in_use',
    'Somebody here has this e-mail address already. If it is you, sign in the way you did before and link this account.',
    { event: 'sign_in', reason, ...accountInLog(at) },
  );
