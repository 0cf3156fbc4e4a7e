import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { isLatchkeyError } from '../common/errors.js';
import { isUniqueViolation } from '../common/unique-violation.js';
import { Refused } from './refused.js';

const ATTEMPTS = 3;

/** What was read is no longer so: the transaction has to look again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** Runs what is written together or not at all. Whoever loses a race looks again; a refusal is written down. */
@Injectable()
export class Transactions {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {}

  async run<Result>(action: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.dataSource.transaction(action);
      } catch (error) {
        if (attempt < ATTEMPTS && isRace(error)) continue;
        if (error instanceof Refused) await this.audit.record({ ...error.event, outcome: 'refused' });
        throw error;
      }
    }
  }
}

/** Two first sign-ins of one person, or a sign-in and a refresh, met. */
const isRace = (error: unknown): boolean =>
  error instanceof Overtaken ||
  isUniqueViolation(error) ||
  (isLatchkeyError(error) && error.code === 'vault.conflict');
