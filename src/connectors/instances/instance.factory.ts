import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError, type ErrorCode } from '../../common/errors.js';
import { PRIVATE_HOSTS } from '../../common/private-addresses.js';
import type { ConfiguredConnector } from '../connector.registry.js';
import { judgeConfig, type ConnectorConfig } from './connector-config.js';
import { ConnectorConfigSealer } from './connector-config.sealer.js';
import { ConnectorKinds } from './connector-kinds.js';
import { metadataOf } from './connector-metadata.js';
import { instanceOf } from './instance.js';
import { stampOf } from './connector.store.js';
import type { StoredConnector } from './stored-connector.entity.js';

/** What does not work may work later: a key store comes back. */
const RETRY_MILLISECONDS = 5_000;

/** A row, and what has become of it. */
export type StoredInstance = { readonly row: StoredConnector } & (
  | { readonly configured: ConfiguredConnector }
  | {
      readonly configured?: undefined;
      /** Why it cannot be used. */
      readonly brokenBy: ErrorCode;
      /** By {@link Clock.ticks}. */
      readonly retryAt: number;
    }
);

/** Makes instances out of rows. */
@Injectable()
export class InstanceFactory {
  private readonly logger = new Logger(InstanceFactory.name);

  constructor(
    private readonly kinds: ConnectorKinds,
    private readonly sealer: ConnectorConfigSealer,
    private readonly clock: Clock,
    @Inject(PRIVATE_HOSTS) private readonly privateHosts: readonly string[],
  ) {}

  /** A row that cannot be used is no error here: it concerns nobody but itself. It is logged once. */
  async instantiate(row: StoredConnector, known?: StoredInstance): Promise<StoredInstance> {
    try {
      return { row, configured: this.configure(row, await this.sealer.open(row)) };
    } catch (error) {
      const brokenBy = isLatchkeyError(error) ? error.code : 'connector.misconfigured';
      if (!known || known.configured || stampOf(known.row) !== stampOf(row))
        this.logger.error(`Connector instance "${row.id}" cannot be used: ${brokenBy}`);
      return { row, brokenBy, retryAt: this.clock.ticks() + RETRY_MILLISECONDS };
    }
  }

  /** The instance of a row with this configuration. Throws `connector.not_found_with_connector_id` and `connector.invalid_config`. */
  configure(row: StoredConnector, config: ConnectorConfig): ConfiguredConnector {
    const connector = this.kinds.find(row.connectorId);
    if (!connector)
      throw new LatchkeyError('connector.not_found_with_connector_id', 'There is no such connector factory.');
    const { parsed } = judgeConfig(connector, config);
    const traits = { ...row, name: metadataOf(row).name?.en };
    return { connector, instance: instanceOf(connector, traits, parsed, this.privateHosts) };
  }
}
