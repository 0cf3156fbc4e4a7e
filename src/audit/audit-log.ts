import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { AuditEntry } from './audit-entry.entity.js';

/** What happened, in names and ids: never a token, an e-mail address or a provider's text. */
export type AuditEvent = Pick<AuditEntry, 'event' | 'outcome'> & Partial<Omit<AuditEntry, 'id' | 'at'>>;

/** Writes down what was done to accounts. There is no way to change or remove a row. */
@Injectable()
export class AuditLog {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Within the transaction whose manager is given: written if and only if the rest is. */
  async record(event: AuditEvent, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.insert(AuditEntry, { ...event, at: this.clock.now() });
  }
}
