import { Column, Entity, Index } from 'typeorm';
import { OutboxRow } from '../common/outbox/outbox-row.js';
import type { EventName, Occurrence } from './event.js';

/** An event that nobody has been told yet. */
@Entity('latchkey_events')
@Index('latchkey_events_by_due', ['dueAt'])
export class PublishedEvent extends OutboxRow {
  @Column({ type: 'varchar', length: 64 })
  event: EventName;

  @Column({ name: 'user_id', type: 'varchar', length: 128 })
  userId: string;

  /** JSON. */
  @Column({ type: 'text' })
  data: string;
}

/** Times of rows are seconds since the epoch. */
export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const occurrenceOf = ({ id, event, userId, data, createdAt }: PublishedEvent): Occurrence =>
  ({ id, event, userId, createdAt: isoTime(createdAt), data: JSON.parse(data) as unknown }) as Occurrence;
