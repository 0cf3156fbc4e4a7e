import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomInt } from 'node:crypto';
import { DataSource, LessThanOrEqual, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { Outbox } from '../../common/outbox/outbox.js';
import type { PublishedEvent } from '../published-event.entity.js';
import { Delivery } from './delivery.entity.js';
import { Hook, wants } from './hook.entity.js';

/** After each failed attempt but the last, in seconds: about a day altogether. */
const PAUSES = [10, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200] as const;

/** Longer than an attempt takes. */
const ATTEMPT_SECONDS = 30;

/** How many of the rows that are due are looked at, where several instances take from them. */
const CHOICE = 8;

export interface BegunDelivery {
  readonly hook: Hook;
  readonly delivery: Delivery;
}

/** The deliveries of all webhooks: what is to be sent, and what has become of it. */
@Injectable()
export class Deliveries {
  private readonly outbox: Outbox<Delivery>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    const options = {
      attempts: PAUSES.length + 1,
      attemptSeconds: ATTEMPT_SECONDS,
      delaySeconds: pauseAfter,
    };
    this.outbox = new Outbox(dataSource, Delivery, clock, options);
  }

  /** One for each webhook that wants the event, as part of the caller's transaction. */
  async addAll(manager: EntityManager, { event, userId, data, createdAt }: PublishedEvent): Promise<void> {
    const told = { event, userId, data, occurredAt: createdAt, responseStatus: null, attemptedAt: null };
    const hooks = await manager.find(Hook, { where: { enabled: true } });
    const wanting = hooks.filter((hook) => wants(hook, event));
    await this.outbox.addAll(
      manager,
      wanting.map(({ id: hookId }) => ({ ...told, hookId })),
    );
  }

  /** The webhooks for which there is something to send now. */
  async hooksWithWork(): Promise<string[]> {
    const now = this.clock.now();
    const due = this.dataSource
      .createQueryBuilder(Delivery, 'delivery')
      .select('1')
      .where('delivery.hookId = hook.id AND delivery.dueAt <= :now');
    const hooks = await this.dataSource
      .createQueryBuilder(Hook, 'hook')
      .select('hook.id')
      .where('hook.enabled = :on AND hook.pausedUntil <= :now', { on: true, now })
      .andWhere(`EXISTS (${due.getQuery()})`)
      .getMany();
    return hooks.map(({ id }) => id);
  }

  /** Begins an attempt at the delivery of this webhook that has been due the longest. */
  async take(hookId: string): Promise<BegunDelivery | undefined> {
    const now = LessThanOrEqual(this.clock.now());
    const hook = await this.dataSource.manager.findOneBy(Hook, {
      id: hookId,
      enabled: true,
      pausedUntil: now,
    });
    if (!hook) return undefined;
    const due = await this.dataSource.manager.find(Delivery, {
      where: { hookId, dueAt: now },
      order: { dueAt: 'ASC', id: 'ASC' },
      take: CHOICE,
    });
    for (const row of due) {
      const delivery = await this.outbox.begin(row);
      if (delivery) return { hook, delivery };
    }
    return undefined;
  }

  async succeeded({ id, attempts }: Delivery, responseStatus: number): Promise<void> {
    const outcome = { dueAt: null, lastError: null, responseStatus, attemptedAt: this.clock.now() };
    await this.dataSource.manager.update(Delivery, { id, attempts }, outcome);
  }

  /** Gone (RFC 9110 15.5.11) is final for this delivery. A pause that the endpoint asks for is one for all of them. */
  async failed(delivery: Delivery, error: unknown): Promise<void> {
    const { id, attempts, hookId } = delivery;
    const { upstream, retryAfterSeconds } = isLatchkeyError(error) ? error : {};
    const now = this.clock.now();
    const outcome = { responseStatus: upstream?.status ?? null, attemptedAt: now };
    await this.outbox.failed(delivery, error, { final: upstream?.status === 410 });
    await this.dataSource.manager.update(Delivery, { id, attempts }, outcome);
    if (retryAfterSeconds !== undefined)
      await this.dataSource.manager.update(Hook, { id: hookId }, { pausedUntil: now + retryAfterSeconds });
  }
}

/** With a fifth more or less, left to chance. */
function pauseAfter(attempts: number): number {
  const seconds = PAUSES[Math.min(attempts, PAUSES.length) - 1] ?? PAUSES[0];
  return seconds + randomInt(-seconds / 5, seconds / 5 + 1);
}
