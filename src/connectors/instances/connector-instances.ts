import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { LatchkeyError } from '../../common/errors.js';
import { KeyedTurns } from '../../common/keyed-turns.js';
import { isUniqueViolation } from '../../common/unique-violation.js';
import { ApplicationToken } from '../application-tokens/application-token.entity.js';
import { againOnConflict, assertVersion, type VersionTest } from './compare-and-set.js';
import { movesElsewhere, type ConnectorConfig } from './connector-config.js';
import { ConnectorKinds } from './connector-kinds.js';
import { ConnectorStore } from './connector.store.js';
import { GivenInstances } from './given-instances.js';
import { InstanceDrafts, type InstanceChanges, type NewInstance } from './instance-drafts.js';
import { recordOfGiven, recordOfStored, type InstanceRecord } from './instance-record.js';
import { SignInExperience } from './sign-in-experience.js';
import type { StoredConnector } from './stored-connector.entity.js';
import { StoredInstances } from './stored-instances.js';

/**
 * Told that the tokens of an instance are to go, as part of the transaction that makes them useless. `former` is its row
 * as it was, where it is deleted or leads elsewhere. Resolves with how many grants are left to be ended at the provider.
 */
export type TokensEndListener = (
  manager: EntityManager,
  instanceId: string,
  former?: StoredConnector,
) => Promise<number | void>;

/** What a change has left to do. */
export interface TokensEnded {
  /** How many grants are being ended at the provider, for which nobody waits. */
  readonly grantsToEnd: number;
}

/**
 * The connector instances, for administrators. Those of code and environment are shown and cannot be changed; those of
 * the database are changed by compare-and-set, so that no change undoes another. What is written here is in force in
 * this process at once, and in others within a second.
 */
@Injectable()
export class ConnectorInstances {
  private readonly listeners: TokensEndListener[] = [];
  private readonly turns = new KeyedTurns();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly kinds: ConnectorKinds,
    private readonly given: GivenInstances,
    private readonly stored: StoredInstances,
    private readonly store: ConnectorStore,
    private readonly drafts: InstanceDrafts,
    private readonly experience: SignInExperience,
  ) {}

  /** Whoever keeps tokens of instances registers here, before the application serves. */
  beforeTokensEnd(listener: TokensEndListener): void {
    this.listeners.push(listener);
  }

  /** Those of code and environment first, then the others by age. */
  async list(): Promise<InstanceRecord[]> {
    const given = this.given.all();
    const { instances } = await this.stored.reread();
    const stored = [...instances.values()].filter(({ row }) => !given.has(row.id));
    return [
      ...[...given.values()].map(recordOfGiven),
      ...stored.map((one) => recordOfStored(one, this.kinds.find(one.row.connectorId))),
    ];
  }

  /** Rejects with `entity.not_found`. */
  async get(id: string): Promise<InstanceRecord> {
    const found = (await this.list()).find((record) => record.id === id);
    if (found) return found;
    throw notFound();
  }

  /**
   * Rejects with `connector.not_found_with_connector_id`, `connector.should_specify_target`, `connector.invalid_config`,
   * `connector.token_storage_not_supported` or `entity.unique_integrity_violation`.
   */
  async create(wanted: NewInstance): Promise<InstanceRecord> {
    const row = await this.drafts.create(wanted);
    if (this.given.all().has(row.id)) throw taken();
    await this.store.insert(row).catch((error: unknown) => {
      throw isUniqueViolation(error) ? taken() : error;
    });
    return this.get(row.id);
  }

  /**
   * Rejects with `entity.not_found`, `connector.read_only`, `connector.version_mismatch` where the test says so,
   * `connector.secret_required`, and as {@link create} does.
   */
  async update(
    id: string,
    changes: InstanceChanges,
    test?: VersionTest,
  ): Promise<InstanceRecord & TokensEnded> {
    await this.assertWritable(id);
    const grantsToEnd = await this.inTurn(id, () => this.replace(id, changes, test));
    return { ...(await this.get(id)), grantsToEnd };
  }

  /** Rejects with `entity.not_found`, `connector.read_only` or `connector.version_mismatch`. */
  async remove(id: string, test?: VersionTest): Promise<TokensEnded> {
    await this.assertWritable(id);
    const grantsToEnd = await this.inTurn(id, () => this.delete(id, test));
    await this.stored.reread();
    return { grantsToEnd };
  }

  /** The row behind a record, for those who look into it without changing it. Rejects as {@link update} does. */
  async row(id: string): Promise<StoredConnector> {
    await this.assertWritable(id);
    return this.find(id);
  }

  /** What `attempt` returns when it has met nobody else; before, it is undefined. */
  private async inTurn(id: string, attempt: () => Promise<number | undefined>): Promise<number> {
    let grantsToEnd: number | undefined;
    const isDone = async () => (grantsToEnd = await attempt()) !== undefined;
    await this.turns.run(id, () => againOnConflict(isDone));
    return grantsToEnd ?? 0;
  }

  private async replace(
    id: string,
    changes: InstanceChanges,
    test?: VersionTest,
  ): Promise<number | undefined> {
    const former = await this.find(id);
    assertVersion(former, test);
    const next = await this.drafts.change(former, changes);
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.store.replace(manager, former.version, next))) return undefined;
      if (hasMoved(former, next)) return this.endTokens(manager, id, former);
      return changes.enableTokenStorage === false ? this.endTokens(manager, id) : 0;
    });
  }

  private async delete(id: string, test?: VersionTest): Promise<number | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const row = await this.find(id, manager);
      assertVersion(row, test);
      if (!(await this.store.remove(manager, row))) return undefined;
      const grantsToEnd = await this.endTokens(manager, id, row);
      await manager.delete(ApplicationToken, { connectorId: id });
      if (!(await this.isOffered(row, manager))) await this.experience.forget(row.target, manager);
      return grantsToEnd;
    });
  }

  private async isOffered(row: StoredConnector, manager: EntityManager): Promise<boolean> {
    const given = [...this.given.all().values()];
    return (
      given.some(({ instance }) => instance.target === row.target) || this.store.hasOtherOf(manager, row)
    );
  }

  private async endTokens(manager: EntityManager, id: string, former?: StoredConnector): Promise<number> {
    let grantsToEnd = 0;
    for (const listener of this.listeners) grantsToEnd += (await listener(manager, id, former)) ?? 0;
    return grantsToEnd;
  }

  private async find(id: string, manager?: EntityManager): Promise<StoredConnector> {
    const row = await this.store.find(id, manager);
    if (row) return row;
    throw notFound();
  }

  private async assertWritable(id: string): Promise<void> {
    const { isReadOnly } = await this.get(id);
    if (isReadOnly)
      throw new LatchkeyError(
        'connector.read_only',
        'This connector is configured in code or environment: it is changed there, and takes no other configuration here.',
      );
  }
}

/** What was granted at one place is not to be sent to another, whoever knows the client's secret there. */
const hasMoved = (former: StoredConnector, next: StoredConnector): boolean =>
  movesElsewhere(openConfigOf(former), openConfigOf(next));

const openConfigOf = ({ config }: StoredConnector): ConnectorConfig => JSON.parse(config) as ConnectorConfig;

const notFound = (): LatchkeyError => new LatchkeyError('entity.not_found', 'The resource does not exist.');

const taken = (): LatchkeyError =>
  new LatchkeyError('entity.unique_integrity_violation', 'There is a connector with this id.');
