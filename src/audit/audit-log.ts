import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { AuditChain } from './audit-chain.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditKeys } from './audit-keys.js';
import { AuditWorker } from './audit-worker.js';
import { factsOf, type AuditEvent } from './facts.js';
import { proofOf } from './hashes.js';

/** Writes down what was done, and what was refused. There is no way to change or remove a row. */
@Injectable()
export class AuditLog {
  private readonly logger = new Logger(AuditLog.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: AuditKeys,
    private readonly chain: AuditChain,
    private readonly worker: AuditWorker,
    private readonly clock: Clock,
  ) {}

  /**
   * For what changes something. Within the transaction whose manager is given: written if and only if the rest is, and
   * chained soon after the commit.
   */
  async record(event: AuditEvent, manager: EntityManager = this.dataSource.manager): Promise<void> {
    const facts = factsOf(event, this.clock.now());
    const key = await this.keys.keyWithin(manager);
    await manager.insert(AuditEntry, { ...facts, proof: key ? proofOf(key, facts) : null });
    this.worker.wake();
  }

  /**
   * For what only reads, thousands of times a second: keeps nobody waiting, and is written within a quarter of a second
   * or so; the same event of the same second is one row, which says how many. A process that is killed loses what it has noted since the last batch. While the database is away notes wait
   * in memory, 50,000 of them; how many were lost beyond is written down itself, as `audit.notes_lost`.
   */
  note(event: AuditEvent): void {
    if (!this.chain.notes.add(event, this.clock.now()))
      this.logger.error('Notes of the audit log are being lost: too many wait to be written');
    this.worker.wake();
  }

  /** Everything that was noted here, or recorded anywhere and committed, is in the chain. */
  flush(): Promise<void> {
    return this.chain.append();
  }
}
