import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate } from 'node:timers/promises';
import { DataSource, LessThanOrEqual, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import { lockHead } from './audit-chain.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditHead, HEAD_ID } from './audit-head.entity.js';
import { AuditKeys } from './audit-keys.js';
import { AUDIT_OPTIONS, keptSince, type AuditModuleOptions } from './audit.options.js';
import { chainedAfter, pagesAfter } from './chained-rows.js';
import { hashAfter, removalProofOf, type Link } from './hashes.js';

const BATCH = 250;
const HOUR_MILLISECONDS = 3_600_000;

/** Removes rows that are older than they have to be kept, the oldest first, and leaves a proof that this was us. */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(AuditRetention.name);
  private timer?: NodeJS.Timeout;
  private sweeping = Promise.resolve();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: AuditKeys,
    private readonly clock: Clock,
    @Optional() @Inject(AUDIT_OPTIONS) private readonly options: AuditModuleOptions = {},
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.retentionDays === undefined) return;
    this.timer = setInterval(() => void this.turn(), HOUR_MILLISECONDS).unref();
    void this.turn();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.sweeping.catch(() => undefined);
  }

  /**
   * Removes what is too old now, after a sweep that is under way: that one may have looked already. Rejects with
   * `vault.integrity_error`, and removes nothing, where the chain is broken.
   */
  sweep(): Promise<void> {
    this.sweeping = this.sweeping.catch(() => undefined).then(() => this.removeAll());
    return this.sweeping;
  }

  private async turn(): Promise<void> {
    await this.sweep().catch((error: unknown) => {
      this.logger.error(`Old rows of the audit log cannot be removed: ${String(error)}`);
    });
  }

  private async removeAll(): Promise<void> {
    if (this.options.retentionDays === undefined) return;
    const key = await this.keys.key();
    const end = await this.lastTooOld();
    const removeBatch = (manager: EntityManager) => this.removeBatch(manager, key, end);
    while ((await this.dataSource.transaction(removeBatch)) === BATCH) await setImmediate();
  }

  /**
   * Before the first row that has to be kept. One that is ahead of the clock was written by a clock that was wrong, or by
   * another instance a moment ago: it stays, or goes with a row after it that is too old.
   */
  private async lastTooOld(): Promise<number> {
    const now = this.clock.now();
    const since = keptSince(this.options, now);
    let end = 0;
    for await (const rows of pagesAfter(this.dataSource.manager, 0)) {
      const kept = rows.findIndex(({ at }) => at >= since && at <= now);
      const before = kept === -1 ? rows : rows.slice(0, kept);
      end = before.findLast(({ at }) => at < since)?.position ?? end;
      if (kept !== -1) return end;
      await setImmediate();
    }
    return end;
  }

  private async removeBatch(manager: EntityManager, key: Buffer, end: number): Promise<number> {
    const { removedPosition, removedHash } = await lockHead(manager);
    let last: Link = { position: removedPosition, hash: removedHash };
    const rows = await chainedAfter(manager, removedPosition, BATCH);
    const old = rows.filter(({ position }) => position <= end);
    if (old.length === 0) return 0;
    for (const row of old) {
      if (row.position !== last.position + 1 || row.hash !== hashAfter(key, last, row))
        throw new LatchkeyError('vault.integrity_error', `The audit log is broken at ${row.position}.`);
      last = row;
    }
    await manager.delete(AuditEntry, { position: LessThanOrEqual(last.position) });
    await manager.update(AuditHead, HEAD_ID, {
      removedPosition: last.position,
      removedHash: last.hash,
      removedProof: removalProofOf(key, last),
    });
    return old.length;
  }
}
