import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as rest } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { KeyEncryption } from '../key-encryption.js';
import { Sealer } from '../sealer.js';
import { SealedTable, type ResealedRow, type SealedRow } from '../sealed-table.js';
import { RotationLease, type RotationCounts } from './rotation-lease.js';

const BATCH = 10;
/** Rows that come under an old key while others are resealed, from instances that have not been told yet. */
const PASSES = 3;

/**
 * Reseals every row of every table under the current key, while the backend runs: in small batches, resting as long as
 * it worked, by compare-and-set on what it read. A row that somebody else writes meanwhile is left to them, and a
 * reader sees the one or the other seal, both good. Killed at any moment, it goes on where it was when it is run again.
 */
@Injectable()
export class Rotation implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Rotation.name);
  private running?: Promise<void>;
  private stopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: KeyEncryption,
    private readonly sealer: Sealer,
    private readonly lease: RotationLease,
    private readonly clock: Clock,
  ) {}

  /** Begins in the background. False where one is going on already, here or in another process. */
  async start(): Promise<boolean> {
    const keyId = await this.keys.currentKeyId();
    const runner = await this.lease.take(keyId);
    if (runner === undefined) return false;
    this.running = this.rotate(keyId, runner).catch((error: unknown) => {
      this.logger.error(
        `The rotation has ended early: ${isLatchkeyError(error) ? error.code : String(error)}`,
      );
    });
    return true;
  }

  /** The same, and waits for its end. Rejects with `vault.key_unavailable` where a key service goes away. */
  async run(): Promise<boolean> {
    const keyId = await this.keys.currentKeyId();
    const runner = await this.lease.take(keyId);
    if (runner === undefined) return false;
    await (this.running = this.rotate(keyId, runner));
    return true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => undefined);
  }

  private async rotate(keyId: string, runner: string): Promise<void> {
    const task = new Task(
      keyId,
      async (counts) => !this.stopped && (await this.lease.prolong(runner, counts)),
    );
    try {
      for (let pass = 1; pass <= PASSES && task.goesOn; pass += 1) {
        const before = task.counts.resealed;
        task.failed = 0;
        for (const table of SealedTable.allOf(this.dataSource)) await this.resealTable(table, task);
        if (task.counts.resealed === before) break;
      }
    } finally {
      await this.lease.end(runner, task.counts, task.goesOn);
    }
  }

  private async resealTable(table: SealedTable, task: Task): Promise<void> {
    for (const [keyId, rows] of await table.countByKey()) {
      if (keyId === task.keyId) continue;
      if (this.keys.holds(keyId)) await this.resealFrom(keyId, table, task);
      else task.failed += this.lacking(keyId, table, rows);
    }
  }

  private lacking(keyId: string, table: SealedTable, rows: number): number {
    this.logger.error(`${rows} rows of ${table.name} stay as they are: there is no key "${keyId}" here`);
    return rows;
  }

  private async resealFrom(keyId: string, table: SealedTable, task: Task): Promise<void> {
    let last: SealedRow | undefined;
    while (task.goesOn) {
      const startedAt = this.clock.ticks();
      const rows = await table.next(keyId, BATCH, last);
      await this.resealBatch(rows, table, task);
      await task.report();
      if (rows.length < BATCH) return;
      last = rows.at(-1);
      await rest(Math.max(1, this.clock.ticks() - startedAt));
    }
  }

  /** The key service is asked for all of them at once, before anything is locked. */
  private async resealBatch(rows: SealedRow[], table: SealedTable, task: Task): Promise<void> {
    const resealed = await Promise.all(rows.map((row) => this.sealAnew(row, table, task)));
    task.resealed += await table.reseal(resealed.filter((row) => row !== undefined));
  }

  /** A key service that is away ends the rotation; a row that does not open is named, kept and passed over. */
  private async sealAnew(row: SealedRow, table: SealedTable, task: Task): Promise<ResealedRow | undefined> {
    const binding = table.bindingOf(row);
    try {
      const value = await this.sealer.open(row.sealed, binding);
      return { ...row, next: await this.sealer.sealUnder(task.keyId, value, binding) };
    } catch (error) {
      if (!isLatchkeyError(error) || error.code !== 'vault.integrity_error') throw error;
      task.failed += 1;
      this.logger.error(`${row.name} stays under the key "${row.sealed.keyId}": ${error.code}`);
      return undefined;
    }
  }
}

/** One run, as long as nobody stops it. */
class Task {
  resealed = 0;
  failed = 0;
  goesOn = true;

  constructor(
    readonly keyId: string,
    private readonly prolong: (counts: RotationCounts) => Promise<boolean>,
  ) {}

  get counts(): RotationCounts {
    return { resealed: this.resealed, failed: this.failed };
  }

  async report(): Promise<void> {
    this.goesOn &&= await this.prolong(this.counts);
  }
}
