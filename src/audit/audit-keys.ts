import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { DataSource, IsNull, Not, type EntityManager } from 'typeorm';
import { LatchkeyError } from '../common/errors.js';
import { Sealer } from '../sealing/sealer.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditHead, HEAD_ID } from './audit-head.entity.js';
import { AuditKey, auditKeyBinding, KEY_ID } from './audit-key.entity.js';
import { KEY_BYTES, proofOf } from './hashes.js';

const BATCH = 500;

/** The key of the chain: made once, at the first start, and remembered by each process. */
@Injectable()
export class AuditKeys implements OnModuleInit {
  private readonly logger = new Logger(AuditKeys.name);
  private held?: Buffer;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.key().catch((error: unknown) => {
      this.logger.error(`The audit log cannot be chained: ${String(error)}`);
    });
  }

  /** Outside transactions: makes the key where there is none. Rejects with `vault.…` where it does not open. */
  async key(): Promise<Buffer> {
    const { manager } = this.dataSource;
    return (this.held ??= (await openAuditKey(manager, this.sealer)) ?? (await this.begin()));
  }

  /** Within a transaction: nothing where there is none, or where it does not open. */
  async keyWithin(manager: EntityManager): Promise<Buffer | undefined> {
    try {
      return (this.held ??= await openAuditKey(manager, this.sealer));
    } catch (error) {
      this.logger.error(`A row of the audit log is written without proof: ${String(error)}`);
      return undefined;
    }
  }

  private async begin(): Promise<Buffer> {
    const made = randomBytes(KEY_BYTES);
    const sealed = await this.sealer.seal(made.toString('base64url'), auditKeyBinding({ id: KEY_ID }));
    return this.dataSource.transaction(async (manager) => {
      await beginHead(manager);
      const other = await openAuditKey(manager, this.sealer);
      if (other) return other;
      await refuseToReplace(manager);
      await manager.insert(AuditKey, { id: KEY_ID, sealed });
      await proveAll(manager, made);
      return made;
    });
  }
}

export async function openAuditKey(manager: EntityManager, sealer: Sealer): Promise<Buffer | undefined> {
  const row = await manager.findOneBy(AuditKey, { id: KEY_ID });
  return row ? Buffer.from(await sealer.open(row.sealed, auditKeyBinding(row)), 'base64url') : undefined;
}

/** Whoever comes second waits here for the first one's transaction. */
async function beginHead(manager: EntityManager): Promise<void> {
  const nothing = { position: 0, hash: '', removedPosition: 0, removedHash: '', removedProof: '' };
  await manager
    .createQueryBuilder()
    .insert()
    .into(AuditHead)
    .values({ id: HEAD_ID, ...nothing })
    .orIgnore()
    .execute();
}

/** Under another key nothing of what there is could be verified any more. */
async function refuseToReplace(manager: EntityManager): Promise<void> {
  const { position } = await manager.findOneByOrFail(AuditHead, { id: HEAD_ID });
  if (position > 0 || (await manager.existsBy(AuditEntry, { position: Not(IsNull()) })))
    throw new LatchkeyError('vault.integrity_error', 'The key of the audit log is gone.');
}

/** What was written down before there was a chain is taken as it is. */
async function proveAll(manager: EntityManager, key: Buffer): Promise<void> {
  for (;;) {
    const rows = await manager.find(AuditEntry, {
      where: { proof: IsNull() },
      order: { id: 'ASC' },
      take: BATCH,
    });
    for (const row of rows) await manager.update(AuditEntry, row.id, { proof: proofOf(key, row) });
    if (rows.length < BATCH) return;
  }
}
