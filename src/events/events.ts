import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Dispatcher } from './dispatcher.js';
import type { LatchkeyEvent } from './event.js';
import { Listeners } from './listeners.js';
import { WantedEvents } from './webhooks/wanted-events.js';

/** Tells the application and webhooks what has happened to users and their token sets. */
@Injectable()
export class Events {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly listeners: Listeners,
    private readonly wanted: WantedEvents,
    private readonly dispatcher: Dispatcher,
  ) {}

  /**
   * Within the transaction whose manager is given: told if and only if that is committed. Told at least once, however
   * processes end, and in no promised order: to the listeners of one instance, whichever comes first (as a job, not as a
   * broadcast), and to each webhook that wants it. Where nobody listens, nothing is written. A webhook that was made on
   * another instance counts within half a second.
   */
  async publish(event: LatchkeyEvent, manager?: EntityManager): Promise<void> {
    const writer = manager ?? this.dataSource.manager;
    const isHeard = this.listeners.hear(event.event) || (await this.wanted.has(event.event, writer));
    if (!isHeard) return;
    await this.dispatcher.add(writer, event);
    if (!manager) this.dispatcher.wake();
  }
}
