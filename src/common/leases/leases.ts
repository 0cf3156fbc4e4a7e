import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { databaseTimeIn, isOver } from '../database-time.js';
import { randomId } from '../random.js';
import { Lease } from './lease.entity.js';

/**
 * Lets one of all instances do what one is enough for, until it gives that up, or falls silent and another takes over. By
 * the database's clock, so that the instances' own need not agree. A holder that was asleep does not know that it has
 * been replaced: whatever is done under a lease has to be right when two do it.
 */
@Injectable()
export class Leases {
  private readonly owner = randomId(21);
  private readonly known = new Set<string>();

  constructor(private readonly dataSource: DataSource) {}

  /** Whether it is ours for so long from now on: taken where it was free, prolonged where we had it. */
  async hold(name: string, milliseconds: number): Promise<boolean> {
    await this.introduce(name);
    const { owner } = this;
    const { affected } = await this.dataSource.getRepository(Lease).update(
      [
        { name, owner },
        { name, heldUntil: isOver(this.dataSource) },
      ],
      { owner, heldUntil: databaseTimeIn(this.dataSource, milliseconds) },
    );
    return affected === 1;
  }

  /** Another one may have it at once. */
  async release(name: string): Promise<void> {
    await this.dataSource.manager.update(Lease, { name, owner: this.owner }, FREE);
  }

  private async introduce(name: string): Promise<void> {
    if (this.known.has(name)) return;
    await this.dataSource
      .createQueryBuilder()
      .insert()
      .into(Lease)
      .values({ name, ...FREE })
      .orIgnore()
      .execute();
    this.known.add(name);
  }
}

const FREE = { owner: '', heldUntil: 0 } as const;
