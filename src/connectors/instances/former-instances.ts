import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { randomId } from '../../common/random.js';
import type { ConfiguredConnector } from '../connector.registry.js';
import { ConnectorConfigSealer } from './connector-config.sealer.js';
import { FormerConnector } from './former-connector.entity.js';
import { InstanceFactory } from './instance.factory.js';
import type { StoredConnector } from './stored-connector.entity.js';

/** Instances of the database that are gone or lead elsewhere, for as long as something has to be ended there. */
@Injectable()
export class FormerInstances {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sealer: ConnectorConfigSealer,
    private readonly factory: InstanceFactory,
  ) {}

  /** Keeps a row as it is, unopened, as part of the manager's transaction. Returns the name to {@link find} it by. */
  async keep(manager: EntityManager, stored: StoredConnector): Promise<string> {
    const id = randomId(21);
    await manager.insert(FormerConnector, { ...stored, id, instanceId: stored.id });
    return id;
  }

  /** Rejects with `vault.*` or `connector.*` where it cannot be used. */
  async find(id: string): Promise<ConfiguredConnector | undefined> {
    const kept = await this.dataSource.manager.findOneBy(FormerConnector, { id });
    if (!kept) return undefined;
    const { instanceId, ...rest } = kept;
    const traits = {
      syncProfile: false,
      enableTokenStorage: false,
      enabled: false,
      createdAt: 0,
      updatedAt: 0,
    };
    const row = { ...rest, ...traits, id: instanceId };
    return this.factory.configure(row, await this.sealer.open(row));
  }

  async forget(id: string, manager: EntityManager = this.dataSource.manager): Promise<void> {
    await manager.delete(FormerConnector, { id });
  }
}
