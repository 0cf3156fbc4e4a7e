import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThanOrEqual, Not, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { PreparedReads, type PreparedRead } from '../common/prepared-reads.js';
import { SECRET_COLUMNS, secretOf, type SecretRow } from './secret-row.js';
import { StoredSecret, type GrantState } from './stored-secret.entity.js';

/** Changes of a row beyond its version, which {@link SecretStore.replace} raises by itself. */
export type SecretChanges = Partial<Omit<StoredSecret, 'id' | 'version'>>;

/** Columns that the sealed token set is not bound to. */
export type Bookkeeping = Partial<
  Pick<
    StoredSecret,
    | 'state'
    | 'stateReason'
    | 'attemptId'
    | 'leaseUntil'
    | 'unanswered'
    | 'failures'
    | 'retryAt'
    | 'validatedAt'
    | 'lastUsedAt'
    | 'renewAt'
    | 'announcedStatus'
    | 'statusDueAt'
  >
>;

/** The rows of the vault. Writes are compare-and-set: a writer that has not seen the newest version is refused. */
@Injectable()
export class SecretStore {
  private readonly byTarget: PreparedRead<SecretRow>;
  private readonly byId: PreparedRead<SecretRow>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    reads: PreparedReads,
  ) {
    this.byTarget = reads.prepareList(
      'latchkey_secret_by_target',
      SECRET_COLUMNS,
      'FROM latchkey_secrets WHERE user_id = $1 AND target = $2 ORDER BY first_stored_at, id LIMIT 1',
    );
    this.byId = reads.prepareList(
      'latchkey_secret_by_id',
      SECRET_COLUMNS,
      'FROM latchkey_secrets WHERE id = $1',
    );
  }

  /** The hot read: the user's first account at this target. */
  async findByTarget(userId: string, target: string): Promise<StoredSecret | undefined> {
    return secretOf(await this.byTarget(userId, target));
  }

  async findById(id: string): Promise<StoredSecret | undefined> {
    return secretOf(await this.byId(id));
  }

  /** Everything but the sealed columns, in the order of first storing. */
  listByUser(
    userId: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Omit<StoredSecret, 'sealed'>[]> {
    const { sealed: _, ...select } = { ...ALL_COLUMNS };
    const order = { firstStoredAt: 'ASC', id: 'ASC' } as const;
    return manager.find(StoredSecret, { select, where: { userId }, order });
  }

  findByAccount(
    manager: EntityManager,
    userId: string,
    connectorId: string,
    subject: string,
  ): Promise<StoredSecret | null> {
    return manager.findOneBy(StoredSecret, { userId, connectorId, subject });
  }

  async insert(manager: EntityManager, secret: StoredSecret): Promise<void> {
    await manager.insert(StoredSecret, secret);
  }

  /**
   * Marks the token sets of an account as revoked by the provider, and returns whose they are. `until`: those alone that
   * were obtained by then, in seconds since the epoch.
   */
  revokeOfAccount(connectorId: string, subject: string, until?: number): Promise<string[]> {
    const obtained = until === undefined ? {} : { obtainedAt: LessThanOrEqual(until) };
    return this.revoke([{ connectorId, subject, ...obtained }]);
  }

  /** The same of those with this refresh token, by one of its marks. */
  revokeByMark(connectorId: string, mark: string): Promise<string[]> {
    return this.revoke([
      { connectorId, refreshTokenPrefix: mark },
      { connectorId, refreshTokenHash: mark },
    ]);
  }

  /** False when the row has another version by now, or is gone. */
  async replace(
    { id, version }: StoredSecret,
    changes: SecretChanges,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const { affected } = await manager.update(
      StoredSecret,
      { id, version },
      { ...changes, version: version + 1 },
    );
    return affected === 1;
  }

  /** A refresh that is under way does not bring it back, see {@link complete}; a new grant does, also while we look. */
  private async revoke(where: FindOptionsWhere<StoredSecret>[]): Promise<string[]> {
    const found = await this.dataSource.manager.find(StoredSecret, {
      select: { id: true, userId: true },
      where,
    });
    const criteria = where.map((one) => ({ ...one, state: Not<GrantState>('revoked') }));
    const over = {
      state: 'revoked',
      stateReason: 'revoked_by_provider',
      renewAt: null,
      statusDueAt: 0,
    } as const;
    if (found.length > 0) await this.dataSource.manager.update(StoredSecret, criteria, over);
    return found.map(({ userId }) => userId);
  }

  /** The same for an answer of the provider: false also when the grant has been revoked meanwhile. */
  async complete(
    { id, version }: StoredSecret,
    changes: SecretChanges,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const { affected } = await manager.update(
      StoredSecret,
      { id, version, state: Not<GrantState>('revoked') },
      { ...changes, version: version + 1 },
    );
    return affected === 1;
  }

  /**
   * Bookkeeping that leaves the sealed token set, and so the version, as it is. False as with {@link replace}, and also
   * where the grant's state is another one by now, or somebody else's attempt is under way.
   */
  async note(
    { id, version, state, attemptId }: StoredSecret,
    changes: Bookkeeping,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const known = { id, version, state, attemptId: attemptId ?? IsNull() };
    const { affected } = await manager.update(StoredSecret, known, changes);
    return affected === 1;
  }
}

const ALL_COLUMNS = {
  id: true,
  userId: true,
  connectorId: true,
  target: true,
  subject: true,
  sealed: true,
  version: true,
  tokenType: true,
  scope: true,
  expiresAt: true,
  refreshTokenExpiresAt: true,
  hasRefreshToken: true,
  state: true,
  stateReason: true,
  attemptId: true,
  attemptedAt: true,
  leaseUntil: true,
  unanswered: true,
  failures: true,
  retryAt: true,
  firstStoredAt: true,
  obtainedAt: true,
  validatedAt: true,
  lastUsedAt: true,
  renewAt: true,
  announcedStatus: true,
  statusDueAt: true,
} as const;
