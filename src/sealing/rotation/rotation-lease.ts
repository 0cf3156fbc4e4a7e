import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { databaseMilliseconds, databaseTimeIn, isOver } from '../../common/database-time.js';
import { randomId } from '../../common/random.js';
import { RotationState } from './rotation-state.entity.js';

/** Longer than a batch takes; after a process was killed, nobody rotates for as long. */
const LEASE_MILLISECONDS = 30_000;
const ID = 'rotation';

/** What one runner has done so far. */
export interface RotationCounts {
  readonly resealed: number;
  readonly failed: number;
}

/**
 * Lets one process rotate at a time, by the database's clock, so that none does the work of another. Nothing depends on
 * it but that: two runners cannot harm a row.
 */
@Injectable()
export class RotationLease {
  private readonly states: Repository<RotationState>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.states = dataSource.getRepository(RotationState);
  }

  /** The name of a runner, until it finishes or is silent for half a minute; nothing while there is another one. */
  async take(keyId: string): Promise<string | undefined> {
    await this.states.createQueryBuilder().insert().values(UNUSED).orIgnore().execute();
    const runner = randomId(21);
    const { affected } = await this.states.update(
      { id: ID, leaseUntil: isOver(this.dataSource) },
      { ...UNUSED, runner, keyId, leaseUntil: this.leaseFromNow(), startedAt: this.clock.now() },
    );
    return affected === 1 ? runner : undefined;
  }

  /** False when another runner has taken over. */
  async prolong(runner: string, counts: RotationCounts): Promise<boolean> {
    const { affected } = await this.states.update(
      { id: ID, runner },
      { ...counts, leaseUntil: this.leaseFromNow() },
    );
    return affected === 1;
  }

  /** Gives it back; `isDone` is whether every row was looked at. */
  async end(runner: string, counts: RotationCounts, isDone: boolean): Promise<void> {
    const finishedAt = isDone ? this.clock.now() : null;
    await this.states.update({ id: ID, runner }, { ...counts, finishedAt, runner: null, leaseUntil: 0 });
  }

  /** The last rotation, if there ever was one, and whether it is going on. */
  async last(): Promise<{ readonly state: RotationState; readonly isRunning: boolean } | undefined> {
    const { entities, raw } = await this.states
      .createQueryBuilder('state')
      .addSelect(databaseMilliseconds(this.dataSource), 'now')
      .where({ id: ID })
      .getRawAndEntities<{ readonly now: number | string }>();
    const [state, now] = [entities[0], Number(raw[0]?.now)];
    if (!state || state.startedAt === 0) return undefined;
    return { state, isRunning: state.leaseUntil > now };
  }

  private leaseFromNow(): () => string {
    return databaseTimeIn(this.dataSource, LEASE_MILLISECONDS);
  }
}

const UNUSED: RotationState = {
  id: ID,
  keyId: '',
  runner: null,
  leaseUntil: 0,
  startedAt: 0,
  finishedAt: null,
  resealed: 0,
  failed: 0,
};
