import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { OutboxWorker } from '../../common/outbox/outbox-worker.js';
import { randomId } from '../../common/random.js';
import { together, type RevocationOutcome } from '../../common/revocation-outcome.js';
import { Unawaited } from '../../common/unawaited.js';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import { FormerInstances } from '../../connectors/instances/former-instances.js';
import type { StoredConnector } from '../../connectors/instances/stored-connector.entity.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { Chronicle, type Reader } from '../chronicle.js';
import { StoredSecret } from '../stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from '../token-set.sealer.js';
import { EndingGrants } from './ending-grants.js';
import { Revocation } from './revocation.entity.js';
import { RevocationOutbox } from './revocation.outbox.js';
import { discard, takeOver, type Taken } from './taking-over.js';

/** A grant that is over with us. It is ended at its provider by {@link Revocations.attempt}, or a little later without it. */
export interface FormerGrant {
  readonly connectorId: string;
  /** Absent where there is nothing to be ended at the provider. */
  readonly revocationId?: string;
}

export interface LateGrant {
  readonly connectorId: string;
  readonly tokenSet: TokenSet;
  /** Of which account, where that is known: one that is granted anew meanwhile is not ended. */
  readonly subject?: string;
}

export interface RevocationTimes {
  /** How long whoever ends grants is kept waiting for what becomes of them. */
  readonly patienceMilliseconds: number;
}

/** Injection token of the {@link RevocationTimes}. */
export const REVOCATION_TIMES = Symbol('latchkey:revocation-times');

export const revocationTimes: RevocationTimes = { patienceMilliseconds: 2000 };

/** How long whoever has just written a grant's end keeps the first attempt for themselves. */
const HEAD_START_SECONDS = 10;
const WORKER = { name: 'Revocations', parallel: 8, intervalMilliseconds: 1000 };

/**
 * Ends grants at their providers. That one has to be ended is written in the transaction that destroys the token set, so
 * it happens although the process dies; when the provider is away, it is tried again for days.
 */
@Injectable()
export class Revocations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Revocations.name);
  private readonly worker: OutboxWorker<Revocation>;
  private readonly attempts = new Unawaited();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly outbox: RevocationOutbox,
    private readonly connectors: ConnectorRegistry,
    private readonly formerInstances: FormerInstances,
    private readonly ending: EndingGrants,
    private readonly sealer: TokenSetSealer,
    private readonly chronicle: Chronicle,
    private readonly clock: Clock,
    @Inject(REVOCATION_TIMES) private readonly times: RevocationTimes,
  ) {
    const attempt = async (row: Revocation) => void (await this.end(row));
    this.worker = new OutboxWorker({ ...WORKER, outbox, attempt });
  }

  onApplicationBootstrap(): void {
    this.worker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.worker.stop();
    await this.attempts.settled();
  }

  /** Takes a token set out of the vault, as part of the manager's transaction. Nothing where somebody else has meanwhile. */
  async take(
    manager: EntityManager,
    secret: StoredSecret,
    by?: Reader,
    delaySeconds = HEAD_START_SECONDS,
  ): Promise<FormerGrant | undefined> {
    const { id, connectorId } = secret;
    if ((await this.takeAll(manager, { connectorId, rows: { id } }, delaySeconds)) === 0) return undefined;
    await this.chronicle.deleted(manager, secret, by);
    return this.isUnsupported(connectorId) ? { connectorId } : { connectorId, revocationId: id };
  }

  /**
   * Takes all token sets of an instance out of the vault, as part of the manager's transaction, and returns how many are
   * to be ended. `former` is the instance's row where that is going to be another one, or none: tokens go there alone.
   */
  async takeOf(manager: EntityManager, instanceId: string, former?: StoredConnector): Promise<number> {
    const formerConnectorId = former && (await this.formerInstances.keep(manager, former));
    const rows = { connector_id: instanceId };
    const gone = await this.takeAll(manager, { connectorId: instanceId, rows, formerConnectorId });
    await this.chronicle.allDeleted(manager, instanceId, gone);
    const taken = this.isUnsupported(instanceId) ? 0 : gone;
    if (!formerConnectorId) return taken;
    const { affected } = await manager.update(
      Revocation,
      { connectorId: instanceId, formerConnectorId: IsNull() },
      { formerConnectorId },
    );
    if (taken === 0 && affected === 0) await this.formerInstances.forget(formerConnectorId, manager);
    return taken;
  }

  /** All token sets of one account at the instance. Nobody waits for what becomes of them. */
  async takeOfAccount(manager: EntityManager, connectorId: string, subject: string): Promise<void> {
    const secrets = await manager.findBy(StoredSecret, { connectorId, subject });
    for (const secret of secrets) await this.take(manager, secret, undefined, 0);
  }

  /** A grant that never was in the vault, or no longer is: the late answer to a refresh, say. */
  async add(
    manager: EntityManager,
    { connectorId, tokenSet, subject = '' }: LateGrant,
  ): Promise<FormerGrant> {
    if (this.isUnsupported(connectorId)) return { connectorId };
    const now = this.clock.now();
    const { tokenType, scope, expiresAt, hasRefreshToken, refreshTokenExpiresAt, obtainedAt } = clearPartOf(
      tokenSet,
      now,
    );
    const clear = { tokenType, scope, expiresAt, hasRefreshToken, refreshTokenExpiresAt, obtainedAt };
    const row = { ...clear, id: randomId(21), userId: '', connectorId, target: '', subject, version: 1 };
    const sealed = await this.sealer.seal(tokenSet, row);
    const work = { formerConnectorId: null, attempts: 0, lastError: null, createdAt: now };
    await manager.insert(Revocation, { ...row, ...work, sealed, dueAt: now + HEAD_START_SECONDS });
    return { connectorId, revocationId: row.id };
  }

  /** The first attempt, once the transaction is committed. Waits two seconds at most; rejects for nothing. */
  async attempt(grants: readonly FormerGrant[]): Promise<RevocationOutcome> {
    return together(await Promise.all(grants.map((grant) => this.within(grant))));
  }

  /** How many went. */
  private async takeAll(
    manager: EntityManager,
    what: { readonly connectorId: string; readonly rows: Taken; readonly formerConnectorId?: string },
    delaySeconds = 0,
  ): Promise<number> {
    const { connectorId, rows, formerConnectorId } = what;
    const now = this.clock.now();
    if (this.isUnsupported(connectorId)) return discard(manager, rows);
    return takeOver(manager, { rows, now, dueAt: now + delaySeconds, formerConnectorId });
  }

  /** An instance that nobody knows at this moment may be known again. */
  private isUnsupported(connectorId: string): boolean {
    const configured = this.connectors.peek(connectorId);
    return configured !== undefined && !configured.connector.revoke;
  }

  private async within({ revocationId }: FormerGrant): Promise<RevocationOutcome> {
    if (revocationId === undefined) return 'unsupported';
    const attempt = this.attempts.add(this.first(revocationId));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<RevocationOutcome>((resolve) => {
      timer = setTimeout(() => resolve('pending'), this.times.patienceMilliseconds);
    });
    return Promise.race([attempt, patience]).finally(() => clearTimeout(timer));
  }

  private async first(id: string): Promise<RevocationOutcome> {
    try {
      const row = await this.dataSource.manager.findOneBy(Revocation, { id });
      const begun = row && (await this.outbox.begin(row));
      return begun ? await this.now(begun) : 'pending';
    } catch (error) {
      this.logger.error(`A grant (${id}) could not be dealt with at once: ${String(error)}`);
      return 'pending';
    }
  }

  private async now(row: Revocation): Promise<RevocationOutcome> {
    try {
      return await this.end(row);
    } catch (error) {
      const problem = isLatchkeyError(error) ? error.code : String(error);
      this.logger.warn(`A grant at ${row.connectorId} (${row.id}) could not be ended there yet: ${problem}`);
      await this.outbox.failed(row, error);
      return 'pending';
    }
  }

  /** The audit log says which of the endings it was; the answer, whether the grant is over. */
  private async end(row: Revocation): Promise<RevocationOutcome> {
    const ending = await this.ending.end(row);
    await this.outbox.close(row, ending);
    return ending === 'revoked' ? 'revoked' : 'unsupported';
  }
}
