import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomInt } from 'node:crypto';
import { DataSource, IsNull, Not, type EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import type { AuditEvent } from '../../audit/facts.js';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { codeOf, Outbox } from '../../common/outbox/outbox.js';
import { FormerConnector } from '../../connectors/instances/former-connector.entity.js';
import { FormerInstances } from '../../connectors/instances/former-instances.js';
import type { GrantEnding } from './ending-grants.js';
import { Revocation } from './revocation.entity.js';

/** Twelve attempts in the first seven hours, then one about every five hours: given up after about six days. */
const ATTEMPTS = 40;
const LONGEST_PAUSE_SECONDS = 6 * 60 * 60;
const FIRST_PAUSE_SECONDS = 4;
const ATTEMPT_SECONDS = 30;

/** The grants that are to be ended. Whatever comes of one is written down, and its tokens do not outlive it here. */
@Injectable()
export class RevocationOutbox extends Outbox<Revocation> {
  private readonly logger = new Logger(RevocationOutbox.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly formerInstances: FormerInstances,
    private readonly audit: AuditLog,
    clock: Clock,
  ) {
    super(dataSource, Revocation, clock, {
      attempts: ATTEMPTS,
      attemptSeconds: ATTEMPT_SECONDS,
      delaySeconds: pauseAfter,
    });
  }

  /** Takes the row out, and writes down what has become of its grant. Nothing where somebody else has. */
  async close(row: Revocation, ending: GrantEnding): Promise<void> {
    const said = ending === 'revoked' ? DONE : ({ outcome: 'refused', reason: ending } as const);
    await this.conclude(row, said, (manager) => manager.delete(Revocation, { id: row.id }));
  }

  /** A token set that was altered opens for nobody, however often it is tried. */
  override async failed(row: Revocation, error: unknown): Promise<void> {
    const isHopeless = isLatchkeyError(error) && error.code === 'vault.integrity_error';
    if (isHopeless || row.attempts >= ATTEMPTS) await this.giveUp(row, codeOf(error));
    else await super.failed(row, error);
  }

  /** How many were given up: they stay in the table, without their tokens. */
  deadLetters(): Promise<number> {
    return this.dataSource.manager.countBy(Revocation, { dueAt: IsNull() });
  }

  private async giveUp(row: Revocation, lastError: string): Promise<void> {
    const { id, attempts, connectorId } = row;
    const isGivenUp = await this.conclude(row, GIVEN_UP, (manager) =>
      manager.update(Revocation, { id, attempts, dueAt: Not(IsNull()) }, { ...ERASED, lastError }),
    );
    if (!isGivenUp) return;
    const all = await this.deadLetters();
    this.logger.error(`A grant at ${connectorId} (${id}) could not be ended there; ${all} are given up`);
  }

  /**
   * The last word on a grant, in one transaction: the row, the audit log, the instance. False where it has been said. The
   * row is locked by a write that changes nothing: its instance may have become a former one while the provider was asked.
   */
  private conclude(
    row: Revocation,
    said: Pick<AuditEvent, 'outcome' | 'reason'>,
    write: (manager: EntityManager) => Promise<{ affected?: number | null }>,
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const { id } = row;
      await manager.update(Revocation, { id }, { id });
      const current = await manager.findOneBy(Revocation, { id });
      if (!current || (await write(manager)).affected !== 1) return false;
      await this.audit.record({ ...eventOf(row), event: 'grant.ended', ...said }, manager);
      await this.forgetInstance(manager, current);
      return true;
    });
  }

  /**
   * Nobody needs its client secret any more once the last grant is dealt with. Its row is locked as
   * well: of two that are the last at the same time, the second one sees what the first has done.
   */
  private async forgetInstance(manager: EntityManager, { formerConnectorId }: Revocation): Promise<void> {
    if (formerConnectorId === null) return;
    await manager.update(FormerConnector, { id: formerConnectorId }, { id: formerConnectorId });
    const waiting = { formerConnectorId, dueAt: Not(IsNull()) };
    if (await manager.existsBy(Revocation, waiting)) return;
    await this.formerInstances.forget(formerConnectorId, manager);
  }
}

const DONE = { outcome: 'done' } as const;
const GIVEN_UP = { outcome: 'refused', reason: 'given_up' } as const;
const ERASED = { dueAt: null, subject: '', sealed: { keyId: '', wrappedKey: '', ciphertext: '' } } as const;

function pauseAfter(attempts: number): number {
  const ceiling = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(attempts, 16));
  return ceiling / 2 + randomInt(ceiling / 2 + 1);
}

const eventOf = ({ userId, connectorId, target }: Revocation) => ({
  userId: userId || null,
  connectorId,
  target: target || null,
});
