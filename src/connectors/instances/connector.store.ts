import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, Not, type EntityManager } from 'typeorm';
import { epoch } from '../../common/epoch-column.js';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { StoredConnector } from './stored-connector.entity.js';

type Row = Record<string, unknown>;

/** What tells one writing of a row from every other: its version, and the random beginning of its sealed key. */
const STAMP = `version || ':' || substr(wrapped_key, 1, 16)`;
const STAMPS = `SELECT string_agg(id || ':' || ${STAMP}, ',') AS stamps FROM latchkey_connectors`;
const BY_ID = `SELECT id, connector_id, target, config, configured_secrets, key_id, wrapped_key, ciphertext, metadata,
  sync_profile, enable_token_storage, enabled, version, created_at, updated_at FROM latchkey_connectors WHERE id = $1`;

/**
 * The rows of connector instances. What is read for everyday use comes from outside of all transactions, so that it can
 * be asked for at any moment; writes are compare-and-set.
 */
@Injectable()
export class ConnectorStore {
  private readonly readStamps: PreparedRead<{ stamps: string | null }>;
  private readonly readById: PreparedRead<Row>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    reads: PreparedReads,
  ) {
    this.readStamps = reads.prepare('latchkey_connector_stamps', STAMPS);
    this.readById = reads.prepare('latchkey_connector_by_id', BY_ID);
  }

  /** Which instances there are, each with the {@link stampOf} its row. */
  async stamps(): Promise<ReadonlyMap<string, string>> {
    const { stamps } = (await this.readStamps()) ?? { stamps: null };
    const entries = (stamps ?? '').split(',').filter(Boolean);
    return new Map(entries.map((entry) => splitOnce(entry)));
  }

  async read(id: string): Promise<StoredConnector | undefined> {
    const row = await this.readById(id);
    return row && connectorOf(row);
  }

  /** The row as a writer has to see it. */
  find(id: string, manager: EntityManager = this.dataSource.manager): Promise<StoredConnector | null> {
    return manager.findOneBy(StoredConnector, { id });
  }

  async insert(row: StoredConnector): Promise<void> {
    await this.dataSource.manager.insert(StoredConnector, row);
  }

  /** False when the row has another version by now, or is gone. */
  async replace(manager: EntityManager, version: number, { id, ...row }: StoredConnector): Promise<boolean> {
    const { affected } = await manager.update(StoredConnector, { id, version }, row);
    return affected === 1;
  }

  /** The same. */
  async remove(manager: EntityManager, { id, version }: StoredConnector): Promise<boolean> {
    const { affected } = await manager.delete(StoredConnector, { id, version });
    return affected === 1;
  }

  hasOtherOf(manager: EntityManager, { id, target }: StoredConnector): Promise<boolean> {
    return manager.existsBy(StoredConnector, { id: Not(id), target });
  }
}

export const stampOf = ({ version, sealed }: StoredConnector): string =>
  `${version}:${sealed.wrappedKey.slice(0, 16)}`;

function splitOnce(entry: string): [id: string, stamp: string] {
  const colon = entry.indexOf(':');
  return [entry.slice(0, colon), entry.slice(colon + 1)];
}

const connectorOf = (row: Row): StoredConnector =>
  ({
    id: row['id'],
    connectorId: row['connector_id'],
    target: row['target'],
    config: row['config'],
    configuredSecrets: row['configured_secrets'],
    sealed: { keyId: row['key_id'], wrappedKey: row['wrapped_key'], ciphertext: row['ciphertext'] },
    metadata: row['metadata'],
    syncProfile: Boolean(row['sync_profile']),
    enableTokenStorage: Boolean(row['enable_token_storage']),
    enabled: Boolean(row['enabled']),
    version: row['version'],
    createdAt: epoch(row['created_at']),
    updatedAt: epoch(row['updated_at']),
  }) as StoredConnector;
