import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../common/clock.js';
import { randomId } from '../common/random.js';
import { Events } from '../events/events.js';
import { accountInEvent, accountInLog, type IdentityAt } from './identity-at.js';
import { IdentityRows } from './identity-rows.js';
import { Identity } from './identity.entity.js';
import { Newcomers } from './newcomers.js';
import { lockUser, notOurs, Profiles } from './profiles.js';
import { Refused, suspended } from './refused.js';
import { User } from './user.entity.js';

/** To whom an account is linked, and who does it: the user themselves, or a program, which is nobody. */
export interface LinkTo {
  readonly userId: string;
  readonly actorId: string | null;
}

/** Users and who they are elsewhere. Every method that writes takes part in its caller's transaction. */
@Injectable()
export class IdentitiesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly rows: IdentityRows,
    private readonly newcomers: Newcomers,
    private readonly profiles: Profiles,
    private readonly audit: AuditLog,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** The user of this account: the one it belongs to, one that the policy names, or a new one. Rejects with `user.suspended` or `user.email_already_in_use`. */
  async signIn(manager: EntityManager, at: IdentityAt): Promise<string> {
    const known = await this.rows.find(manager, at);
    return known ? this.recognise(manager, known, at) : this.newcomers.admit(manager, at);
  }

  /** Adds the account to a user who asked for it. Rejects with `user.identity_already_in_use` if it is another's. */
  async link(manager: EntityManager, { userId, actorId }: LinkTo, at: IdentityAt): Promise<void> {
    if (!(await lockUser(manager, userId))) throw notOurs();
    const event = { event: 'identity.linked', actorId, userId, ...accountInLog(at) };
    const known = await this.rows.find(manager, at);
    if (known && known.userId !== userId) throw inUse({ ...event, reason: 'linked_to_another' });
    if (known) return this.rows.refresh(manager, known, at);
    const identityId = randomId(21);
    await this.rows.insert(manager, { id: identityId, userId }, at);
    await this.audit.record({ ...event, reason: 'requested', outcome: 'done', identityId }, manager);
    await this.events.publish(
      { event: 'Identity.Linked', userId, data: accountInEvent(at, identityId) },
      manager,
    );
  }

  /** Confirms that the account is the user's already. Rejects with `auth.link_refused` if it is not. */
  async confirm(manager: EntityManager, userId: string, at: IdentityAt): Promise<void> {
    const known = await this.rows.find(manager, at);
    const event = { event: 'identity.confirmed', actorId: userId, userId, ...accountInLog(at) };
    if (known?.userId === userId) {
      await this.rows.refresh(manager, known, at);
      return this.audit.record(
        { ...event, reason: 'requested', outcome: 'done', identityId: known.id },
        manager,
      );
    }
    throw new Refused(
      'auth.link_refused',
      'This is not the account that is linked. Choose the same one as before.',
      { ...event, reason: 'other_account' },
    );
  }

  /** The user to whom this account of Logto or of a provider belongs. */
  async ownerOf(target: string, issuer: string, subject: string): Promise<string | undefined> {
    const found = await this.dataSource
      .getRepository(Identity)
      .findOne({ select: { userId: true }, where: { target, issuer, subject } });
    return found?.userId;
  }

  /** The account itself, where it is linked to somebody. */
  async at(target: string, issuer: string, subject: string): Promise<Identity | undefined> {
    return (
      (await this.dataSource.getRepository(Identity).findOneBy({ target, issuer, subject })) ?? undefined
    );
  }

  isLinked(userId: string, identityId: string): Promise<boolean> {
    return this.dataSource.getRepository(Identity).existsBy({ id: identityId, userId });
  }

  /** Oldest first, to the second. */
  list(userId: string): Promise<Identity[]> {
    return this.rows.ofUser(this.dataSource.manager, userId);
  }

  private async recognise(manager: EntityManager, known: Identity, at: IdentityAt): Promise<string> {
    const { affected } = await manager.update(
      User,
      { id: known.userId, suspended: false },
      { lastSignInAt: this.clock.now() },
    );
    if (affected !== 1) throw suspended(known.userId, at);
    await this.rows.refresh(manager, known, at);
    await this.profiles.follow(manager, known, at);
    return known.userId;
  }
}

const inUse = (event: Refused['event']): Refused =>
  new Refused('user.identity_already_in_use', 'This account is linked to another user.', event);
