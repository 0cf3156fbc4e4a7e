import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditLog } from './audit-log.js';

/** The log of what was done to accounts. Every module that writes it imports this one. */
@Module({
  imports: [CommonModule, TypeOrmModule.forFeature([AuditEntry])],
  providers: [AuditLog],
  exports: [AuditLog],
})
export class AuditModule {}
