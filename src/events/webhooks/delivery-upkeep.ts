import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate } from 'node:timers/promises';
import { DataSource, IsNull, LessThan, LessThanOrEqual, Not, type FindOptionsWhere } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../common/clock.js';
import { Delivery } from './delivery.entity.js';
import { Hook } from './hook.entity.js';
import { WantedEvents } from './wanted-events.js';

const INTERVAL_MILLISECONDS = 60_000;
const KEPT_SECONDS = 30 * 86_400;

/** Of one webhook: delivered ones that are kept, dead letters that are kept, and those that may wait. */
const LIMIT = 10_000;

/** Keeps deliveries from growing without bound, whatever becomes of an endpoint. */
@Injectable()
export class DeliveryUpkeep {
  private readonly logger = new Logger('Webhooks');
  private dueAt = -Infinity;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly wanted: WantedEvents,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Once a minute. */
  async whenDue(): Promise<void> {
    if (this.clock.ticks() < this.dueAt) return;
    this.dueAt = this.clock.ticks() + INTERVAL_MILLISECONDS;
    const hooks = await this.dataSource.manager.find(Hook, { select: { id: true, enabled: true } });
    for (const hook of hooks) {
      await this.clear(hook);
      if (hook.enabled) await this.switchOffWherePiledUp(hook);
      await setImmediate();
    }
  }

  private async clear({ id: hookId }: Pick<Hook, 'id'>): Promise<void> {
    const tooOld = LessThan(this.clock.now() - KEPT_SECONDS);
    await this.dataSource.manager.delete(Delivery, { hookId, createdAt: tooOld });
    for (const lastError of [IsNull(), Not(IsNull())])
      await this.clearBeyondLimit({ hookId, dueAt: IsNull(), lastError });
  }

  private async clearBeyondLimit(ended: FindOptionsWhere<Delivery>): Promise<void> {
    const { manager } = this.dataSource;
    const [newest] = await manager.find(Delivery, {
      select: { id: true, createdAt: true },
      where: ended,
      order: { createdAt: 'DESC', id: 'DESC' },
      skip: LIMIT,
      take: 1,
    });
    if (!newest) return;
    const { id, createdAt } = newest;
    await manager.delete(Delivery, { ...ended, createdAt: LessThan(createdAt) });
    await manager.delete(Delivery, { ...ended, createdAt, id: LessThanOrEqual(id) });
  }

  /** Nothing that waits is lost: it rests, and is sent when an administrator switches the webhook on again. */
  private async switchOffWherePiledUp({ id }: Pick<Hook, 'id'>): Promise<void> {
    const waiting = await this.dataSource.manager.countBy(Delivery, { hookId: id, dueAt: Not(IsNull()) });
    if (waiting < LIMIT) return;
    const reason = 'deliveries_piled_up';
    await this.dataSource.transaction(async (manager) => {
      const off = { enabled: false, disabledReason: reason } as const;
      const { affected } = await manager.update(Hook, { id, enabled: true }, off);
      if (affected !== 1) return;
      this.logger.error(`${id}: ${waiting} deliveries wait; the webhook is switched off`);
      await this.audit.record(
        { event: 'webhook.switched_off', outcome: 'done', reason, target: id },
        manager,
      );
    });
    this.wanted.forget();
  }
}
