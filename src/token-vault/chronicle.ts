import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import type { AuditEvent } from '../audit/facts.js';
import { Clock } from '../common/clock.js';
import { isLatchkeyError } from '../common/errors.js';
import { Unawaited } from '../common/unawaited.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import { Events } from '../events/events.js';
import { nextStatusAt, statusOf, type TokenSetStatus } from './freshness.js';
import type { Bookkeeping } from './secret.store.js';
import type { ReauthorizationReason, StoredSecret } from './stored-secret.entity.js';

/** Who asks for a token set, for the audit log. Absent parts are unknown; all of them for the application's own code. */
export interface Reader {
  /** The user who asks, or `client:<id>` for a program. */
  readonly actorId?: string;
  /** The OAuth client by which they ask. */
  readonly clientId?: string;
  /** What a program asks for it for, and the reason that it gives. */
  readonly purpose?: string;
  readonly statedReason?: string;
}

type Row = Omit<StoredSecret, 'sealed'>;
type Named = Pick<StoredSecret, 'id' | 'userId' | 'connectorId' | 'target'>;

/** Tells what happens to token sets: to the audit log, and as events to the application and to webhooks. */
@Injectable()
export class Chronicle {
  private readonly logger = new Logger(Chronicle.name);
  private readonly telling = new Unawaited();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly connectors: ConnectorRegistry,
    private readonly audit: AuditLog,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** What a row's status is now, for people and programs. */
  statusOf(secret: Row): TokenSetStatus {
    const renewsWhileAlive =
      this.connectors.peek(secret.connectorId)?.connector.descriptor.refreshesLivingAccessToken === true;
    return statusOf(secret, this.clock.now(), renewsWhileAlive);
  }

  /** Why only the person can help, where that is so. */
  reasonOf(secret: Row): ReauthorizationReason | null {
    const isOver = this.statusOf(secret) === 'reauthorization_required';
    return secret.stateReason ?? (isOver ? 'no_refresh_token' : null);
  }

  /** The columns that tell what has been made known of a row that is written now, and when that may be over. */
  outlookOf(secret: Row): Pick<StoredSecret, 'announcedStatus' | 'statusDueAt'> {
    return { announcedStatus: this.statusOf(secret), statusDueAt: nextStatusAt(secret, this.clock.now()) };
  }

  /** Named one by one: spreading objects costs more than all the rest of a note. */
  read({ id: secretId, userId, connectorId, target }: Named, reader: Reader = {}): void {
    const { actorId, clientId, purpose, statedReason } = reader;
    this.audit.note({
      event: 'secret.read',
      outcome: 'done',
      secretId,
      userId,
      connectorId,
      target,
      actorId,
      clientId,
      purpose,
      statedReason,
    });
  }

  /** A read that brought nothing: refused, or failed. */
  notRead(
    about: Pick<AuditEvent, 'userId' | 'target' | 'connectorId' | 'secretId'> & Reader,
    error: unknown,
  ): void {
    const reason = isLatchkeyError(error) ? error.code : 'unexpected_error';
    const outcome = reason === 'vault.retrieval_not_granted' ? 'refused' : 'failed';
    this.audit.note({ ...about, event: 'secret.read', outcome, reason });
  }

  /** Part of the manager's transaction. `former` is the row that is replaced. */
  async stored(manager: EntityManager, secret: Row, former?: Row): Promise<void> {
    await this.audit.record({ ...subjectOf(secret), event: 'secret.stored', outcome: 'done' }, manager);
    await this.events.publish(
      { event: 'TokenSet.Stored', userId: secret.userId, data: dataOf(secret) },
      manager,
    );
    if (former) await this.announce(manager, former, secret.announcedStatus as TokenSetStatus, null);
  }

  /** Keeps nobody waiting, see {@link settled}. */
  refreshed(secret: Named): void {
    this.audit.note({ ...subjectOf(secret), event: 'secret.refreshed', outcome: 'done' });
    const event = { event: 'TokenSet.Refreshed', userId: secret.userId, data: dataOf(secret) } as const;
    const telling = this.events.publish(event).catch((error: unknown) => {
      this.logger.error(`Secret ${secret.id}: that it was refreshed could not be told: ${String(error)}`);
    });
    void this.telling.add(telling);
  }

  /** Resolves once everything has been told. */
  settled(): Promise<void> {
    return this.telling.settled();
  }

  refused(secret: Named, reason: string): void {
    this.audit.note({ ...subjectOf(secret), event: 'secret.refreshed', outcome: 'failed', reason });
  }

  /** Part of the manager's transaction. */
  async deleted(manager: EntityManager, secret: Named, by: Reader = {}): Promise<void> {
    const event = { ...subjectOf(secret), ...by, event: 'secret.deleted', outcome: 'done' } as const;
    await this.audit.record(event, manager);
    await this.events.publish(
      { event: 'TokenSet.Deleted', userId: secret.userId, data: dataOf(secret) },
      manager,
    );
  }

  /** Many at once, of an instance of a connector that is gone: one row says how many. Part of the manager's transaction. */
  async allDeleted(manager: EntityManager, connectorId: string, count: number): Promise<void> {
    if (count > 0)
      await this.audit.record({ event: 'secret.deleted', outcome: 'done', connectorId, count }, manager);
  }

  /**
   * Writes changes of a row. The status that follows from them is announced if and only if they are written: `write` says
   * whether it has written, and gets the announced status among the changes.
   */
  async change<Changes extends Bookkeeping>(
    secret: StoredSecret,
    changes: Changes,
    write: (changes: Changes & Bookkeeping, manager?: EntityManager) => Promise<boolean>,
  ): Promise<boolean> {
    const next = { ...secret, ...changes };
    const outlook = this.outlookOf(next);
    if (outlook.announcedStatus === secret.announcedStatus) return write({ ...changes, ...outlook });
    return this.dataSource.transaction(async (manager) => {
      if (!(await write({ ...changes, ...outlook }, manager))) return false;
      await this.announce(manager, secret, outlook.announcedStatus as TokenSetStatus, this.reasonOf(next));
      return true;
    });
  }

  private async announce(
    manager: EntityManager,
    secret: Row,
    to: TokenSetStatus,
    reason: string | null,
  ): Promise<void> {
    const from = secret.announcedStatus as TokenSetStatus;
    if (from === to) return;
    const event = { ...subjectOf(secret), event: 'secret.status_updated', outcome: 'done' } as const;
    await this.audit.record({ ...event, reason: reason ?? to }, manager);
    const data = { ...dataOf(secret), from, to, reason };
    await this.events.publish({ event: 'TokenSet.StatusUpdated', userId: secret.userId, data }, manager);
  }
}

const subjectOf = ({ id, userId, connectorId, target }: Named) => ({
  secretId: id,
  userId,
  connectorId,
  target,
});

const dataOf = ({ id, connectorId, target }: Named) => ({ secretId: id, connectorId, target });
