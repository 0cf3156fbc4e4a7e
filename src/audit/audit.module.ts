import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { AuditChain } from './audit-chain.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditHead } from './audit-head.entity.js';
import { AuditKey } from './audit-key.entity.js';
import { AuditKeys } from './audit-keys.js';
import { AuditLog } from './audit-log.js';
import { AuditRetention } from './audit-retention.js';
import { AuditTrail } from './audit-trail.js';
import { AuditWorker } from './audit-worker.js';
import { AUDIT_OPTIONS, type AuditModuleOptions } from './audit.options.js';

/**
 * The log of what was done to accounts and tokens. Every module that writes it imports this one. Needs `SealingModule`
 * in the application.
 */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([AuditEntry, AuditHead, AuditKey])],
  providers: [AuditLog, AuditTrail, AuditChain, AuditKeys, AuditWorker, AuditRetention],
  exports: [AuditLog, AuditTrail],
})
export class AuditModule {
  /** Options for the log, of whichever module imports it. Imported once, by the application, where it has any. */
  static forRoot(options: AuditModuleOptions): DynamicModule {
    const { retentionDays } = options;
    if (retentionDays !== undefined && !(retentionDays >= 1))
      throw new ConfigurationError('AuditModule: retentionDays must be at least 1');
    const given = [{ provide: AUDIT_OPTIONS, useValue: options }];
    return { module: AuditOptionsModule, global: true, providers: given, exports: [AUDIT_OPTIONS] };
  }
}

@Module({})
class AuditOptionsModule {}
