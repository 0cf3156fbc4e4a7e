import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { KeyEncryption } from '../key-encryption.js';
import { KeyRecord } from '../key-record.entity.js';
import { SealedTable } from '../sealed-table.js';
import { RotationLease } from './rotation-lease.js';

/** One key and who needs it. */
export interface KeyUse {
  readonly id: string;
  readonly isCurrent: boolean;
  /** Whether it is configured on the instance that answers. */
  readonly isHeld: boolean;
  /** Rows that are sealed under it. With none, a key that is not the current one can be taken away. */
  readonly rows: number;
}

/** Times in seconds since the epoch. */
export interface RotationReport {
  /** `interrupted`: it ended before it had looked at every row. */
  readonly state: 'never' | 'running' | 'interrupted' | 'finished';
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly resealed: number;
  /** Rows that do not open; the log names them. */
  readonly failed: number;
  /** Rows that are not under the current key. */
  readonly left: number;
  readonly keys: readonly KeyUse[];
}

/** How far the last rotation came, and what is left to do. The same on every instance. */
@Injectable()
export class RotationProgress {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: KeyEncryption,
    private readonly lease: RotationLease,
  ) {}

  /** Rejects with `vault.key_unavailable` while nobody can say which key is the current one. */
  async read(): Promise<RotationReport> {
    const [last, keys] = [await this.lease.last(), await this.uses()];
    const left = keys.reduce((sum, { isCurrent, rows }) => (isCurrent ? sum : sum + rows), 0);
    const ended = last?.state.finishedAt == null ? 'interrupted' : 'finished';
    return {
      state: last ? (last.isRunning ? 'running' : ended) : 'never',
      startedAt: last?.state.startedAt ?? null,
      finishedAt: last?.state.finishedAt ?? null,
      resealed: last?.state.resealed ?? 0,
      failed: last?.state.failed ?? 0,
      left,
      keys,
    };
  }

  private async uses(): Promise<KeyUse[]> {
    const current = await this.keys.currentKeyId();
    const rows = new Map<string, number>([[current, 0]]);
    const add = (id: string, count: number) => rows.set(id, (rows.get(id) ?? 0) + count);
    for (const { id } of await this.dataSource.manager.find(KeyRecord, {
      order: { firstSeenAt: 'ASC', id: 'ASC' },
    }))
      add(id, 0);
    for (const table of SealedTable.allOf(this.dataSource))
      for (const [id, count] of await table.countByKey()) add(id, count);
    return [...rows].map(([id, count]) => ({
      id,
      isCurrent: id === current,
      isHeld: this.keys.holds(id),
      rows: count,
    }));
  }
}
