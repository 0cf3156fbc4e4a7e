import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual, type EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../common/clock.js';
import { epoch } from '../../common/epoch-column.js';
import { LatchkeyError } from '../../common/errors.js';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { isRecordId, randomId } from '../../common/random.js';
import { isUniqueViolation } from '../../common/unique-violation.js';
import { splitScope } from '../../connectors/token-set.js';
import { TokenGrant } from './token-grant.entity.js';

/** Which program, which provider, what for. */
export type TokenUse = Pick<TokenGrant, 'clientId' | 'target' | 'purpose'>;

export interface NewTokenGrant extends TokenUse {
  /** Beyond which a token must not reach. Default: any. */
  readonly scope?: readonly string[] | null;
  /** Seconds since the epoch. Default: never. */
  readonly expiresAt?: number | null;
}

/** What a grant in force allows. */
export interface Allowance {
  readonly scope?: readonly string[];
}

/** Who changes a grant, as the audit log names them. */
interface ChangedBy {
  readonly actorId: string | null;
}

/**
 * Which programs may read users' tokens, of which provider and what for. A change is in force on all instances from its
 * commit on: no answer is remembered.
 */
@Injectable()
export class TokenGrants {
  private readonly inForce: PreparedRead<{ readonly scope: string | null; readonly expires_at: unknown }>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    reads: PreparedReads,
  ) {
    this.inForce = reads.prepare(
      'latchkey_token_grant_in_force',
      'SELECT scope, expires_at FROM latchkey_token_grants WHERE client_id = $1 AND target = $2 AND purpose = $3',
    );
  }

  /** What is allowed; nothing where there is no grant, or none any more. */
  async find({ clientId, target, purpose }: TokenUse): Promise<Allowance | undefined> {
    const row = await this.inForce(clientId, target, purpose);
    const end = epoch(row?.expires_at);
    if (!row || (end !== null && end <= this.clock.now())) return undefined;
    return row.scope === null ? {} : { scope: splitScope(row.scope) };
  }

  /** The oldest first, also those that have expired. */
  list({ clientId, target }: Partial<Pick<TokenUse, 'clientId' | 'target'>> = {}): Promise<TokenGrant[]> {
    const where = { ...(clientId !== undefined && { clientId }), ...(target !== undefined && { target }) };
    return this.dataSource.manager.find(TokenGrant, { where, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /**
   * One that has expired gives way. Rejects with `guard.invalid_input` for one that would have expired already, and with
   * `entity.unique_integrity_violation` where there is one for the same use.
   */
  async create(wanted: NewTokenGrant, { actorId }: ChangedBy): Promise<TokenGrant> {
    const { clientId, target, purpose, scope, expiresAt = null } = wanted;
    const now = this.clock.now();
    if (expiresAt !== null && expiresAt <= now) throw isOver();
    const use = { clientId, target, purpose };
    const own = {
      id: randomId(21),
      scope: scope?.join(' ') ?? null,
      expiresAt,
      createdAt: now,
      createdBy: actorId,
    };
    const grant: TokenGrant = { ...use, ...own };
    try {
      await this.dataSource.transaction(async (manager) => {
        await manager.delete(TokenGrant, { ...use, expiresAt: LessThanOrEqual(now) });
        await manager.insert(TokenGrant, grant);
        await this.record(manager, 'token_grant.created', grant, actorId);
      });
    } catch (error) {
      throw isUniqueViolation(error) ? isTaken(error) : error;
    }
    return grant;
  }

  /** Rejects with `entity.not_found`. */
  async remove(id: string, { actorId }: ChangedBy): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const grant = isRecordId(id) ? await manager.findOneBy(TokenGrant, { id }) : null;
      if (!grant) throw notFound();
      const { affected } = await manager.delete(TokenGrant, { id });
      if (affected !== 1) throw notFound();
      await this.record(manager, 'token_grant.removed', grant, actorId);
    });
  }

  private record(
    manager: EntityManager,
    event: string,
    { clientId, target, purpose }: TokenGrant,
    actorId: string | null,
  ): Promise<void> {
    return this.audit.record({ event, outcome: 'done', actorId, clientId, target, purpose }, manager);
  }
}

const isOver = (): LatchkeyError =>
  new LatchkeyError('guard.invalid_input', 'A grant has to end in the future.', {
    data: { issues: [{ path: ['expiresAt'], message: 'must be in the future, in seconds since the epoch' }] },
  });

const isTaken = (cause: unknown): LatchkeyError =>
  new LatchkeyError(
    'entity.unique_integrity_violation',
    'There is a grant for this program, provider and purpose.',
    { cause },
  );

const notFound = (): LatchkeyError => new LatchkeyError('entity.not_found', 'The resource does not exist.');
