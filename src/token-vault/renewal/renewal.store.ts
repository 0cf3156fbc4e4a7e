import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, IsNull, LessThanOrEqual, type EntityManager } from 'typeorm';
import type { Bookkeeping } from '../secret.store.js';
import { StoredSecret } from '../stored-secret.entity.js';

/** What deciding about a row takes. */
export type DueSecret = Pick<StoredSecret, 'id' | 'lastUsedAt' | 'firstStoredAt'>;

/** The rows of the vault by what is to be done about them without anybody asking, and when. */
@Injectable()
export class RenewalStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Those to be renewed, the longest due first. */
  due(connectorId: string, now: number, limit: number): Promise<DueSecret[]> {
    return this.dataSource.manager.find(StoredSecret, {
      select: { id: true, lastUsedAt: true, firstStoredAt: true },
      where: { connectorId, renewAt: LessThanOrEqual(now), state: 'active' },
      order: { renewAt: 'ASC' },
      take: limit,
    });
  }

  /** Which of these are due nevertheless. */
  stillDue(ids: readonly string[], now: number): Promise<StoredSecret[]> {
    return this.dataSource.manager.findBy(StoredSecret, { id: In(ids), renewAt: LessThanOrEqual(now) });
  }

  /** For one that is due; somebody else may have renewed it meanwhile. */
  async postpone(id: string, now: number, renewAt: number | null): Promise<void> {
    await this.dataSource.manager.update(StoredSecret, { id, renewAt: LessThanOrEqual(now) }, { renewAt });
  }

  /** For one that was not to be renewed any more. */
  async schedule(id: string, renewAt: number): Promise<void> {
    await this.dataSource.manager.update(StoredSecret, { id, renewAt: IsNull() }, { renewAt });
  }

  /**
   * Marks those as used now that were not since. They are locked in order: instances that mark the same ones do not wait
   * for each other in a circle.
   */
  async markUsed(ids: readonly string[], now: number, since: number): Promise<void> {
    const lock = { mode: 'pessimistic_write' } as const;
    await this.dataSource.transaction(async (manager) => {
      const unmarked = await manager.find(StoredSecret, {
        select: { id: true },
        where: [
          { id: In(ids), lastUsedAt: IsNull() },
          { id: In(ids), lastUsedAt: LessThanOrEqual(since) },
        ],
        order: { id: 'ASC' },
        ...(this.dataSource.options.type === 'postgres' && { lock }),
      });
      if (unmarked.length === 0) return;
      await manager.update(StoredSecret, { id: In(unmarked.map(({ id }) => id)) }, { lastUsedAt: now });
    });
  }

  /** Those whose status may have changed by time alone. */
  statusDue(now: number, limit: number): Promise<StoredSecret[]> {
    return this.dataSource.manager.find(StoredSecret, {
      where: { statusDueAt: LessThanOrEqual(now) },
      order: { statusDueAt: 'ASC' },
      take: limit,
    });
  }

  /** False where somebody else has announced another status, or written the row. */
  async announce(
    { id, version, announcedStatus }: StoredSecret,
    changes: Bookkeeping,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const { affected } = await manager.update(StoredSecret, { id, version, announcedStatus }, changes);
    return affected === 1;
  }
}
