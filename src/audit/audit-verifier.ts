import { IsNull, LessThan, type DataSource, type EntityManager } from 'typeorm';
import type { Clock } from '../common/clock.js';
import type { Sealer } from '../sealing/sealer.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditHead, HEAD_ID } from './audit-head.entity.js';
import { openAuditKey } from './audit-keys.js';
import { pagesAfter } from './chained-rows.js';
import { BEGINNING, hashAfter, removalProofOf, type ChainedEntry, type Link } from './hashes.js';

export interface VerificationOptions {
  /** A head that was noted elsewhere: the chain has to contain it. This alone finds that a whole tail is gone. */
  readonly expect?: Link;
  /** A head that was good: verification begins after it. */
  readonly from?: Link;
}

/** How far it was verified: the rows that were judged, and the last one of them. */
export interface Verified {
  readonly rows: number;
  readonly head: Link;
}

/** Rows of the chain of which nothing shows that Latchkey wrote them. */
export interface UnprovenRows {
  readonly count: number;
  /** The position of the first. */
  readonly first: number;
}

/**
 * What was verified, or the first fault. `position` is absent where the fault is of no row in the chain. Unproven rows
 * are told beside any other fault; where there is none, they are the fault, and `verified` is told: the chain that they
 * are in is as it was written.
 */
export type Verdict =
  | (Verified & { readonly isWhole: true })
  | {
      readonly isWhole: false;
      readonly position?: number;
      readonly fault: string;
      readonly unproven?: UnprovenRows;
      readonly verified?: Verified;
    };

const LONGEST_WAIT_SECONDS = 60;

/**
 * Reads the log page by page in one snapshot, while others append to it, and judges every row by its hash. Rejects with
 * `vault.…` where the key of the log does not open.
 */
export class AuditVerifier {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  verify(options: VerificationOptions = {}): Promise<Verdict> {
    return this.inSnapshot(async (manager) => {
      const unproven = { count: 0, first: 0 };
      try {
        const verified = await this.walk(manager, options, unproven);
        return unproven.count === 0 ? { isWhole: true, ...verified } : notProven(unproven, verified);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const { position, message: fault } = error;
        return { isWhole: false, position, fault, unproven: someOf(unproven) };
      }
    });
  }

  /** Hands over every row in its order, unjudged. */
  forEachPage(action: (rows: readonly ChainedEntry[]) => Promise<void>): Promise<void> {
    return this.inSnapshot(async (manager) => {
      for await (const rows of pagesAfter(manager, 0)) await action(rows);
    });
  }

  private async walk(
    manager: EntityManager,
    { expect, from }: VerificationOptions,
    unproven: { count: number; first: number },
  ): Promise<Verified> {
    const head = await manager.findOneBy(AuditHead, { id: HEAD_ID });
    const key = await openAuditKey(manager, this.sealer);
    if (!head || !key) return emptiness(manager);
    const start = from ?? startOf(head, key);
    let last = start;
    let isExpectedSeen = isSame(start, expect);
    for await (const rows of pagesAfter(manager, start.position)) {
      for (const row of rows) {
        last = follow(key, last, row);
        if (row.origin === 'unproven' && (unproven.count += 1) === 1) unproven.first = row.position;
        isExpectedSeen ||= isSame(last, expect);
      }
    }
    if (!isSame(last, head)) throw disagreement(last, head);
    if (expect && !isExpectedSeen) throw unexpected(start, expect, last);
    await this.lookForUnchained(manager);
    return { rows: last.position - start.position, head: { position: last.position, hash: last.hash } };
  }

  private async lookForUnchained(manager: EntityManager): Promise<void> {
    const at = LessThan(this.clock.now() - LONGEST_WAIT_SECONDS);
    const waiting = await manager.countBy(AuditEntry, { position: IsNull(), at });
    if (waiting > 0)
      throw new Fault(`${waiting} rows are outside the chain although they are older than a minute`);
  }

  /** PostgreSQL waits for as long as whoever takes the rows needs between two pages. */
  private inSnapshot<Result>(action: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    if (this.dataSource.options.type !== 'postgres')
      return this.dataSource.transaction('SERIALIZABLE', action);
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      return action(manager);
    });
  }
}

class Fault extends Error {
  constructor(
    message: string,
    readonly position?: number,
  ) {
    super(message);
  }
}

function notProven(unproven: UnprovenRows, verified: Verified): Verdict {
  const others = unproven.count > 1 ? `, nor ${unproven.count - 1} after it` : '';
  const fault = `nothing shows that Latchkey wrote the row${others}`;
  return { isWhole: false, position: unproven.first, fault, unproven, verified };
}

const someOf = (unproven: UnprovenRows): UnprovenRows | undefined =>
  unproven.count === 0 ? undefined : unproven;

/** The row as the last one, where it is the next one. */
function follow(key: Buffer, last: Link, row: ChainedEntry): Link {
  const position = last.position + 1;
  if (row.position !== position) throw new Fault('the row is missing', position);
  if (row.hash !== hashAfter(key, last, row))
    throw new Fault('the row, or its place, is not what was written', position);
  return row;
}

function startOf(
  { removedPosition: position, removedHash: hash, removedProof }: AuditHead,
  key: Buffer,
): Link {
  if (position === 0) return BEGINNING;
  if (removedProof !== removalProofOf(key, { position, hash }))
    throw new Fault('that the rows up to here were removed by retention is not proven', position);
  return { position, hash };
}

/** A database in which nothing was written down yet has no key; in any other it has been taken away. */
async function emptiness(manager: EntityManager): Promise<{ rows: number; head: Link }> {
  if (await manager.existsBy(AuditEntry, {})) throw new Fault('the key or the head of the log is missing');
  return { rows: 0, head: BEGINNING };
}

const isSame = (one: Link, other: Link | undefined): boolean =>
  one.position === other?.position && one.hash === other.hash;

function disagreement({ position }: Link, head: Link): Fault {
  if (position < head.position)
    return new Fault('the row is missing: the log ends before its head', position + 1);
  if (position > head.position) return new Fault('the row is beyond the head of the log', head.position + 1);
  return new Fault('the head of the log has another hash', position);
}

function unexpected(start: Link, expected: Link, end: Link): Fault {
  const { position } = expected;
  if (position > end.position)
    return new Fault('the expected row is missing: the log ends before it', position);
  if (position < start.position)
    return new Fault('the expected row is before the part that is verified', position);
  return new Fault('the row is not the expected one', position);
}
