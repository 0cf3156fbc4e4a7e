import { Column, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../epoch-column.js';

/**
 * The columns of a row that is work still to be done, written in the transaction that makes it necessary. A table of
 * such rows has an index on `due_at`.
 */
export abstract class OutboxRow {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  /** When the next attempt may be made, in seconds since the epoch; null once nobody tries any more. */
  @EpochColumn('due_at', { nullable: true })
  dueAt: number | null;

  /** Attempts that were begun. Whoever raises it owns the attempt. */
  @Column({ type: 'integer' })
  attempts: number;

  /** Code of the last failure. */
  @Column({ name: 'last_error', type: 'varchar', length: 64, nullable: true })
  lastError: string | null;

  @EpochColumn('created_at')
  createdAt: number;
}
