import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import type { IdentityAt } from './identity-at.js';
import { Identity } from './identity.entity.js';
import { detailsOf } from './provider-details.js';
import { Overtaken } from './transactions.js';
import { judgeEmail } from './vouched-email.js';

/** The rows of identities, within a caller's transaction. Every write brings the user's `emailVerified` in line. */
@Injectable()
export class IdentityRows {
  constructor(private readonly clock: Clock) {}

  find(
    manager: EntityManager,
    { target, identity: { issuer, subject } }: IdentityAt,
  ): Promise<Identity | null> {
    return manager.findOneBy(Identity, { target, issuer, subject });
  }

  /** Oldest first, to the second. */
  ofUser(manager: EntityManager, userId: string): Promise<Identity[]> {
    return manager.find(Identity, { where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async insert(
    manager: EntityManager,
    row: Pick<Identity, 'id' | 'userId'>,
    { connectorId, target, identity }: IdentityAt,
  ): Promise<void> {
    const now = this.clock.now();
    const { issuer, subject } = identity;
    const account = { connectorId, target, issuer, subject };
    await manager.insert(Identity, {
      ...row,
      ...account,
      ...detailsOf(identity),
      createdAt: now,
      lastUsedAt: now,
    });
    await judgeEmail(manager, row.userId);
  }

  /** Takes over what the provider says now. */
  async refresh(
    manager: EntityManager,
    { id, userId }: Identity,
    { connectorId, identity }: IdentityAt,
  ): Promise<void> {
    const changes = { connectorId, ...detailsOf(identity), lastUsedAt: this.clock.now() };
    const { affected } = await manager.update(Identity, { id, userId }, changes);
    if (affected !== 1) throw new Overtaken('the identity has been unlinked meanwhile');
    await judgeEmail(manager, userId);
  }

  async remove(manager: EntityManager, { id, userId }: Identity): Promise<void> {
    await manager.delete(Identity, { id });
    await judgeEmail(manager, userId);
  }
}
