import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { isRecordId } from '../../common/random.js';
import type { EventName } from '../event.js';
import { Deliverer } from './deliverer.js';
import { Delivery } from './delivery.entity.js';

export interface LogPage {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly event?: EventName;
}

/** What has become of deliveries: those of the last 30 days, at most 10,000 delivered ones and 10,000 dead letters. */
@Injectable()
export class DeliveryLog {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly deliverer: Deliverer,
    private readonly clock: Clock,
  ) {}

  /** Newest first, and how many there are on all pages. */
  async ofHook(hookId: string, { page, pageSize, event }: LogPage): Promise<[Delivery[], total: number]> {
    return this.dataSource.manager.findAndCount(Delivery, {
      where: { hookId, ...(event && { event }) },
      order: { createdAt: 'DESC', id: 'DESC' },
      skip: (page - 1) * pageSize,
      take: pageSize,
    });
  }

  /** Sends it now, with all attempts before it, whatever has become of it. Rejects with `entity.not_found`. */
  async redeliver(hookId: string, id: string): Promise<Delivery> {
    const again = { dueAt: this.clock.now(), attempts: 0, lastError: null };
    const mine = isRecordId(hookId) && isRecordId(id) && { id, hookId };
    const { affected } = mine ? await this.dataSource.manager.update(Delivery, mine, again) : { affected: 0 };
    const delivery = affected === 1 && (await this.dataSource.manager.findOneBy(Delivery, { id }));
    if (!delivery) throw new LatchkeyError('entity.not_found', 'There is no such delivery.');
    this.deliverer.wake();
    return delivery;
  }
}
