import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate } from 'node:timers/promises';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { AuditEntry, type AuditOrigin } from './audit-entry.entity.js';
import { AuditHead, HEAD_ID } from './audit-head.entity.js';
import { AuditKeys } from './audit-keys.js';
import { AUDIT_OPTIONS, keptSince, type AuditModuleOptions } from './audit.options.js';
import { insertChained, placeRecorded } from './chained-rows.js';
import { hashAfter, isProven, type Link, type UnchainedRow } from './hashes.js';
import { NoteBuffer } from './note-buffer.js';

/** Some 15 MB. Twenty seconds without a database at 2,500 reads a second. */
const NOTES_IN_MEMORY = 50_000;

/** A batch keeps the requests of its process waiting for a few milliseconds: hashes, and on SQLite everything. */
const BATCH = { postgres: 500, sqlite: 250 } as const;

/**
 * Appends to the chain what was recorded and what was noted, in short transactions that hold the lock of its head.
 * Transactions that record take no lock that this one waits for, and see nothing of it.
 */
@Injectable()
export class AuditChain {
  readonly notes = new NoteBuffer(NOTES_IN_MEMORY);
  private readonly batch: number;
  private last: Promise<void> = Promise.resolve();
  /** The end of a batch that may have been committed although that was not acknowledged. */
  private unconfirmed?: { readonly end: Link; readonly notes: number };

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: AuditKeys,
    private readonly clock: Clock,
    @Optional() @Inject(AUDIT_OPTIONS) private readonly options: AuditModuleOptions = {},
  ) {
    this.batch = dataSource.options.type === 'postgres' ? BATCH.postgres : BATCH.sqlite;
  }

  /** Everything that was noted here, or recorded anywhere and committed, before the call. */
  append(): Promise<void> {
    const turn = this.last.then(() => this.appendAll());
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async appendAll(): Promise<void> {
    const key = await this.keys.key();
    while (await this.isSomethingWaiting()) {
      const taken = await this.dataSource.transaction((manager) => this.appendBatch(manager, key));
      this.confirm();
      if (taken < this.batch) return;
      await setImmediate();
    }
  }

  private async isSomethingWaiting(): Promise<boolean> {
    return this.notes.size > 0 || (await this.dataSource.manager.existsBy(AuditEntry, UNCHAINED));
  }

  private async appendBatch(manager: EntityManager, key: Buffer): Promise<number> {
    const head = await lockHead(manager);
    await this.settle(manager);
    const waiting = await manager.find(AuditEntry, {
      where: UNCHAINED,
      order: { id: 'ASC' },
      take: this.batch,
    });
    const since = keptSince(this.options, this.clock.now());
    const recorded = chain(
      key,
      head,
      waiting.map((row) => ({ ...row, origin: originOf(key, row, since) })),
    );
    const notes = this.notes.oldest(this.batch - recorded.length);
    const noted = chain(
      key,
      recorded.at(-1) ?? head,
      notes.map((facts) => ({ ...facts, ...NOTED })),
    );
    const { position, hash } = noted.at(-1) ?? recorded.at(-1) ?? head;
    await placeRecorded(manager, recorded);
    await insertChained(manager, noted);
    await manager.update(AuditHead, HEAD_ID, { position, hash });
    this.unconfirmed = { end: { position, hash }, notes: noted.length };
    return recorded.length + noted.length;
  }

  /** A connection can break between the commit and its answer. Nobody else makes this hash at this place. */
  private async settle(manager: EntityManager): Promise<void> {
    if (this.unconfirmed && (await manager.existsBy(AuditEntry, this.unconfirmed.end))) this.confirm();
    this.unconfirmed = undefined;
  }

  private confirm(): void {
    this.notes.drop(this.unconfirmed?.notes ?? 0);
    this.unconfirmed = undefined;
  }
}

const UNCHAINED = { position: IsNull() };
const NOTED = { origin: 'noted', proof: null } as const;

/** A proof counts once: what retention may have removed already can be put in again, and shows nothing any more. */
const originOf = (key: Buffer, row: AuditEntry, since: number): AuditOrigin =>
  row.at >= since && isProven(key, row) ? 'recorded' : 'unproven';

/** Gives the rows the places after the last one. */
function chain<Row extends UnchainedRow>(key: Buffer, last: Link, rows: readonly Row[]): (Row & Link)[] {
  let link = last;
  return rows.map((row) => {
    link = { position: link.position + 1, hash: hashAfter(key, link, row) };
    return { ...row, ...link };
  });
}

/**
 * Nobody else appends or removes until the end of the transaction, in whatever process. On SQLite that takes a write:
 * a transaction that begins by reading is refused once another process has written.
 */
export async function lockHead(manager: EntityManager): Promise<AuditHead> {
  if (manager.dataSource.options.type === 'postgres')
    return manager.findOneOrFail(AuditHead, { where: { id: HEAD_ID }, lock: { mode: 'pessimistic_write' } });
  await manager.update(AuditHead, HEAD_ID, { id: HEAD_ID });
  return manager.findOneByOrFail(AuditHead, { id: HEAD_ID });
}
