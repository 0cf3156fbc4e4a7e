import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { isRecordId } from '../../common/random.js';
import type { Secret } from '../../common/secret.js';
import { Delivery } from './delivery.entity.js';
import { HookDrafts, type HookChanges, type NewHook } from './hook-drafts.js';
import { Hook } from './hook.entity.js';
import { WantedEvents } from './wanted-events.js';

/** More than there are administrators who write the same row at the same moment. */
const ATTEMPTS = 20;

/** Every one costs a row and a request for each event that it wants. */
const LIMIT = 100;

/** A webhook together with its signing key, which is told this once. */
export interface SignedHook {
  readonly hook: Hook;
  readonly signingKey: Secret;
}

/** Who makes a change, as the audit log names them. */
export interface ChangedBy {
  readonly actorId: string | null;
}

/**
 * The webhooks. Every change stands in the audit log, the webhook as its `target`. On this instance it is in force at
 * once, on others within a second.
 */
@Injectable()
export class Webhooks {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly drafts: HookDrafts,
    private readonly wanted: WantedEvents,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** The oldest first. */
  list(): Promise<Hook[]> {
    return this.dataSource.manager.find(Hook, { order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** Rejects with `entity.not_found`. */
  async get(id: string): Promise<Hook> {
    const hook = isRecordId(id) ? await this.dataSource.manager.findOneBy(Hook, { id }) : null;
    if (hook) return hook;
    throw new LatchkeyError('entity.not_found', 'There is no such webhook.');
  }

  /** Rejects with `connector.address_forbidden`, and with `hook.limit_exceeded` where there are a hundred. */
  async create(wanted: NewHook, by: ChangedBy): Promise<SignedHook> {
    const created = await this.drafts.create(wanted);
    await this.write('webhook.created', by, async (manager) => {
      await this.refuseBeyondLimit(manager);
      await manager.insert(Hook, created.hook);
      return created.hook.id;
    });
    return created;
  }

  /** The same, and with `connector.secret_required` where headers would go to another address unseen. */
  async update(id: string, changes: HookChanges, by: ChangedBy): Promise<Hook> {
    return this.replace('webhook.updated', id, by, async (former) => {
      const columns = await this.drafts.change(former, changes);
      return { columns, result: { ...former, ...columns } };
    });
  }

  /** A new signing key. The former one goes on signing beside it for a day. */
  async rotate(id: string, by: ChangedBy): Promise<SignedHook> {
    return this.replace('webhook.signing_key_rotated', id, by, async (former) => {
      const { columns, signingKey } = await this.drafts.rotate(former);
      return { columns, result: { hook: { ...former, ...columns }, signingKey } };
    });
  }

  /** With all its deliveries. */
  async remove(id: string, by: ChangedBy): Promise<void> {
    await this.get(id);
    await this.write('webhook.deleted', by, async (manager) => {
      const { affected } = await manager.delete(Hook, { id });
      return affected === 1 ? id : undefined;
    });
  }

  /** Whoever creates one at the same moment waits and counts anew; SQLite lets in one writer at a time by itself. */
  private async refuseBeyondLimit(manager: EntityManager): Promise<void> {
    if (manager.dataSource.options.type === 'postgres')
      await manager.query('LOCK TABLE latchkey_hooks IN SHARE ROW EXCLUSIVE MODE');
    if ((await manager.count(Hook)) < LIMIT) return;
    const message = `There are ${LIMIT} webhooks, and no room for more.`;
    throw new LatchkeyError('hook.limit_exceeded', message, { data: { limit: LIMIT } });
  }

  /** Over the version that was read: whoever comes second looks again, so no change is lost. */
  private async replace<Result>(
    event: string,
    id: string,
    by: ChangedBy,
    draft: (former: Hook) => Promise<Draft<Result>>,
  ): Promise<Result> {
    for (let left = ATTEMPTS; left > 0; left--) {
      const former = await this.get(id);
      const { columns, result } = await draft(former);
      const isWritten = await this.write(event, by, async (manager) => {
        const { affected } = await manager.update(Hook, { id, version: former.version }, columns);
        if (affected !== 1) return undefined;
        if (columns.enabled && !former.enabled) await this.wakeDeliveries(manager, id);
        return id;
      });
      if (isWritten) return result;
    }
    throw new LatchkeyError('vault.conflict', 'Too many write at the same time. Try again.');
  }

  private async write(
    event: string,
    { actorId }: ChangedBy,
    change: (manager: EntityManager) => Promise<string | undefined>,
  ): Promise<boolean> {
    const target = await this.dataSource.transaction(async (manager) => {
      const changed = await change(manager);
      if (changed !== undefined)
        await this.audit.record({ event, outcome: 'done', actorId, target: changed }, manager);
      return changed;
    });
    this.wanted.forget();
    return target !== undefined;
  }

  /** What has rested while the webhook was off is sent now. */
  private async wakeDeliveries(manager: EntityManager, hookId: string): Promise<void> {
    const now = this.clock.now();
    await manager.update(Delivery, { hookId, dueAt: MoreThan(now) }, { dueAt: now });
  }
}

interface Draft<Result> {
  /** Those that change; the others belong to whoever else writes. */
  readonly columns: Partial<Hook>;
  readonly result: Result;
}
