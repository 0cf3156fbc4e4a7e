import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { OutboxRow } from '../../common/outbox/outbox-row.js';
import type { EventName } from '../event.js';
import { Hook } from './hook.entity.js';

/**
 * One event for one webhook. It stays when it is over: delivered where there is no `lastError`, a dead letter where
 * there is one.
 */
@Entity('latchkey_hook_deliveries')
@Index('latchkey_hook_deliveries_by_due', ['hookId', 'dueAt'])
@Index('latchkey_hook_deliveries_by_age', ['hookId', 'createdAt'])
export class Delivery extends OutboxRow {
  @ForeignKey(() => Hook, { name: 'latchkey_hook_deliveries_hook', onDelete: 'CASCADE' })
  @Column({ name: 'hook_id', type: 'varchar', length: 21 })
  hookId: string;

  @Column({ type: 'varchar', length: 64 })
  event: EventName;

  @Column({ name: 'user_id', type: 'varchar', length: 128 })
  userId: string;

  /** JSON, as it was published. */
  @Column({ type: 'text' })
  data: string;

  /** When the event was published, in seconds since the epoch. */
  @EpochColumn('occurred_at')
  occurredAt: number;

  /** What the endpoint answered last. */
  @Column({ name: 'response_status', type: 'integer', nullable: true })
  responseStatus: number | null;

  @EpochColumn('attempted_at', { nullable: true })
  attemptedAt: number | null;
}
