import {
  IsNull,
  LessThanOrEqual,
  Not,
  type DataSource,
  type EntityManager,
  type EntityTarget,
  type Repository,
} from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';
import { retryDelaySeconds } from '../back-off.js';
import type { Clock } from '../clock.js';
import { isLatchkeyError } from '../errors.js';
import { randomId } from '../random.js';
import type { OutboxRow } from './outbox-row.js';

export interface OutboxOptions {
  /** After so many attempts a row is left as it is, for people to look at. */
  readonly attempts: number;
  /** How long an attempt belongs to whoever began it: longer than any attempt takes. */
  readonly attemptSeconds: number;
  /** The pause after so many attempts. Default: doubling up to five minutes. */
  readonly delaySeconds?: (attempts: number) => number;
}

/** What a row consists of beside the bookkeeping. */
export type Work<Row extends OutboxRow> = Omit<Row, keyof OutboxRow>;

/**
 * Work that has to be done at least once although processes die: written with the change that causes it, attempted by
 * whichever instance comes first, again after a growing pause when it fails, and kept as a dead letter in the end.
 */
export class Outbox<Row extends OutboxRow> {
  private readonly rows: Repository<OutboxRow>;

  constructor(
    dataSource: DataSource,
    private readonly entity: EntityTarget<Row>,
    private readonly clock: Clock,
    private readonly options: OutboxOptions,
  ) {
    this.rows = dataSource.getRepository(entity) as unknown as Repository<OutboxRow>;
  }

  /** Part of the manager's transaction. Nobody begins before `delaySeconds` are over. Returns the row's id. */
  async add(manager: EntityManager, work: Work<Row>, delaySeconds = 0): Promise<string> {
    const row = this.rowOf(work, delaySeconds);
    await manager.insert(this.entity, row as QueryDeepPartialEntity<Row>);
    return row.id;
  }

  /** The same for some hundreds, in one statement. */
  async addAll(manager: EntityManager, works: readonly Work<Row>[]): Promise<void> {
    if (works.length === 0) return;
    const rows = works.map((work) => this.rowOf(work, 0));
    await manager.insert(this.entity, rows as QueryDeepPartialEntity<Row>[]);
  }

  private rowOf(work: Work<Row>, delaySeconds: number): Row {
    const now = this.clock.now();
    const bookkeeping = { dueAt: now + delaySeconds, attempts: 0, lastError: null, createdAt: now };
    return { ...work, ...bookkeeping, id: randomId(21) } as unknown as Row;
  }

  /** Begins an attempt at each of the rows that are due, the oldest first, at most so many. They are the caller's now. */
  async take(limit: number): Promise<Row[]> {
    const due = await this.rows.find({
      where: { dueAt: LessThanOrEqual(this.clock.now()) },
      order: { dueAt: 'ASC', id: 'ASC' },
      take: limit,
    });
    const taken = await Promise.all(due.map((row) => this.begin(row as Row)));
    return taken.filter((row) => row !== undefined);
  }

  /** The same for one row; nothing where somebody else has begun, or nobody is to try any more. */
  async begin(row: Row): Promise<Row | undefined> {
    const { id, attempts } = row;
    const begun = { attempts: attempts + 1, dueAt: this.clock.now() + this.options.attemptSeconds };
    const { affected } = await this.rows.update({ id, attempts, dueAt: Not(IsNull()) }, begun);
    return affected === 1 ? { ...row, ...begun } : undefined;
  }

  async done({ id }: Row): Promise<void> {
    await this.rows.delete({ id });
  }

  /** Puts the next attempt off, or gives the row up. The second where nobody can do better by trying again. */
  async failed({ id, attempts }: Row, error: unknown, { final = false } = {}): Promise<void> {
    const wish = isLatchkeyError(error) ? error.retryAfterSeconds : undefined;
    const { delaySeconds: pauseAfter = retryDelaySeconds } = this.options;
    const delaySeconds = Math.max(wish ?? 0, pauseAfter(attempts));
    const over = final || attempts >= this.options.attempts;
    await this.rows.update(
      { id, attempts },
      { dueAt: over ? null : this.clock.now() + delaySeconds, lastError: codeOf(error) },
    );
  }
}

/** What is kept of an error in a row. */
export const codeOf = (error: unknown): string => (isLatchkeyError(error) ? error.code : 'unexpected_error');
