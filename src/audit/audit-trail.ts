import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThan, Not } from 'typeorm';
import { AuditChain } from './audit-chain.js';
import { AuditEntry, type AuditFacts } from './audit-entry.entity.js';
import { FACTS } from './facts.js';

export interface TrailPage {
  /** Rows of this event alone. Default: of every one. */
  readonly event?: string;
  /** Rows before this position: that of the last row of the page before. Default: from the newest on. */
  readonly before?: number;
  /** Default: 50. */
  readonly limit?: number;
}

/** A row, and where it stands in the log. */
export type TrailEntry = Readonly<AuditFacts> & { readonly position: number };

/** What the log says, for people to look at. */
@Injectable()
export class AuditTrail {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly chain: AuditChain,
  ) {}

  /** What was done to a user, the newest first: all that was recorded, or noted on this instance, before the call. */
  async ofUser(userId: string, { event, before, limit = 50 }: TrailPage = {}): Promise<TrailEntry[]> {
    await this.chain.append();
    const rows = await this.dataSource.manager.find(AuditEntry, {
      where: {
        userId,
        ...(event === undefined ? {} : { event }),
        position: before === undefined ? Not(IsNull()) : LessThan(before),
      },
      order: { position: 'DESC' },
      take: limit,
    });
    return rows.map(entryOf);
  }
}

const entryOf = (row: AuditEntry): TrailEntry =>
  Object.fromEntries(
    (['position', ...FACTS.map(({ property }) => property)] as const).map((name) => [name, row[name]]),
  ) as unknown as TrailEntry;
