import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Outbox } from '../common/outbox/outbox.js';
import { OutboxWorker } from '../common/outbox/outbox-worker.js';
import type { LatchkeyEvent } from './event.js';
import { Listeners } from './listeners.js';
import { occurrenceOf, PublishedEvent } from './published-event.entity.js';
import { Deliverer } from './webhooks/deliverer.js';
import { Deliveries } from './webhooks/deliveries.js';

const PARALLEL = 20;
const INTERVAL_MILLISECONDS = 500;
const ATTEMPT_SECONDS = 60;

/** Takes events from where they were written to listeners and to the webhooks' deliveries. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly outbox: Outbox<PublishedEvent>;
  private readonly worker: OutboxWorker<PublishedEvent>;
  private closed = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    clock: Clock,
    private readonly listeners: Listeners,
    private readonly deliveries: Deliveries,
    private readonly deliverer: Deliverer,
  ) {
    const options = { attempts: Infinity, attemptSeconds: ATTEMPT_SECONDS };
    this.outbox = new Outbox(dataSource, PublishedEvent, clock, options);
    this.worker = new OutboxWorker({
      name: 'Events',
      outbox: this.outbox,
      attempt: (row) => this.handOn(row),
      parallel: PARALLEL,
      intervalMilliseconds: INTERVAL_MILLISECONDS,
    });
  }

  async add(manager: EntityManager, { event, userId, data }: LatchkeyEvent): Promise<void> {
    await this.outbox.add(manager, { event, userId, data: JSON.stringify(data) });
  }

  wake(): void {
    this.worker.wake();
  }

  /** Begins once the listeners are there; the application does not wait for it. */
  onApplicationBootstrap(): void {
    void this.listeners.ready().then(() => {
      if (!this.closed) this.worker.start();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.worker.stop();
  }

  /** SQLite answers without a pause: requests are served in the one that is made here. */
  private async handOn(row: PublishedEvent): Promise<void> {
    await this.listeners.tell(occurrenceOf(row));
    await this.dataSource.transaction(async (manager) => {
      const { id, attempts } = row;
      const { affected } = await manager.delete(PublishedEvent, { id, attempts });
      if (affected !== 1) throw new Error('another instance has taken the event over');
      await this.deliveries.addAll(manager, row);
    });
    this.deliverer.wake();
    await setImmediate();
  }
}
