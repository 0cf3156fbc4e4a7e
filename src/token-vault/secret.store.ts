import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { epoch } from '../common/epoch-column.js';
import { PreparedReads, type PreparedRead } from '../common/prepared-reads.js';
import { StoredSecret } from './stored-secret.entity.js';

const COLUMNS = `id, user_id, connector_id, target, subject, key_id, wrapped_key, ciphertext, version, token_type, scope,
  expires_at, refresh_token_expires_at, has_refresh_token, state, state_reason, failures, retry_at, first_stored_at, obtained_at`;

type Row = Record<string, unknown>;

/** Changes of a row beyond its version, which {@link SecretStore.replace} raises by itself. */
export type SecretChanges = Partial<Omit<StoredSecret, 'id' | 'version'>>;

/** The rows of the vault. Writes are compare-and-set: a writer that has not seen the newest version is refused. */
@Injectable()
export class SecretStore {
  private readonly byTarget: PreparedRead<Row>;
  private readonly byId: PreparedRead<Row>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    reads: PreparedReads,
  ) {
    this.byTarget = reads.prepare(
      'latchkey_secret_by_target',
      `SELECT ${COLUMNS} FROM latchkey_secrets WHERE user_id = $1 AND target = $2 ORDER BY first_stored_at, id LIMIT 1`,
    );
    this.byId = reads.prepare(
      'latchkey_secret_by_id',
      `SELECT ${COLUMNS} FROM latchkey_secrets WHERE id = $1`,
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

  /** All of a connector instance. */
  async removeOf(manager: EntityManager, connectorId: string): Promise<void> {
    await manager.delete(StoredSecret, { connectorId });
  }

  async remove(manager: EntityManager, { id }: StoredSecret): Promise<void> {
    await manager.delete(StoredSecret, { id });
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

  /** Bookkeeping that leaves the sealed token set, and so the version, as it is. */
  async note(
    { id, version }: StoredSecret,
    changes: Pick<SecretChanges, 'state' | 'stateReason' | 'failures' | 'retryAt'>,
  ): Promise<void> {
    await this.dataSource.manager.update(StoredSecret, { id, version }, changes);
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
  failures: true,
  retryAt: true,
  firstStoredAt: true,
  obtainedAt: true,
} as const;

function secretOf(row: Row | undefined): StoredSecret | undefined {
  if (!row) return undefined;
  return {
    id: row['id'],
    userId: row['user_id'],
    connectorId: row['connector_id'],
    target: row['target'],
    subject: row['subject'],
    sealed: { keyId: row['key_id'], wrappedKey: row['wrapped_key'], ciphertext: row['ciphertext'] },
    version: row['version'],
    tokenType: row['token_type'],
    scope: row['scope'],
    expiresAt: epoch(row['expires_at']),
    refreshTokenExpiresAt: epoch(row['refresh_token_expires_at']),
    hasRefreshToken: Boolean(row['has_refresh_token']),
    state: row['state'],
    stateReason: row['state_reason'],
    failures: row['failures'],
    retryAt: epoch(row['retry_at']),
    firstStoredAt: epoch(row['first_stored_at']),
    obtainedAt: epoch(row['obtained_at']),
  } as StoredSecret;
}
