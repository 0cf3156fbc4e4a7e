import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import type { EventName } from '../event.js';
import { Hook } from './hook.entity.js';

/** How long the database is taken at its last word. */
const FRESH_MILLISECONDS = 500;

/** Which events any webhook wants, kept in memory, so that one that nobody wants costs nothing. */
@Injectable()
export class WantedEvents {
  private names: ReadonlySet<string> = new Set();
  private freshUntil = -Infinity;
  private changes = 0;

  constructor(private readonly clock: Clock) {}

  /** Looks through the manager: a transaction that waited for another connection could wait for itself. */
  async has(event: EventName, manager: EntityManager): Promise<boolean> {
    if (this.clock.ticks() < this.freshUntil) return this.names.has(event);
    return (await this.look(manager)).has(event);
  }

  /** A webhook has changed: whoever asks from now on looks again. */
  forget(): void {
    this.changes += 1;
    this.freshUntil = -Infinity;
  }

  private async look(manager: EntityManager): Promise<ReadonlySet<string>> {
    const { changes } = this;
    const freshUntil = this.clock.ticks() + FRESH_MILLISECONDS;
    const hooks = await manager.find(Hook, { select: { id: true, events: true }, where: { enabled: true } });
    const names = new Set(hooks.flatMap(({ events }) => events.split(' ')));
    if (changes === this.changes) [this.names, this.freshUntil] = [names, freshUntil];
    return names;
  }
}
