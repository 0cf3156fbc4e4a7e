import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Sealer } from '../../sealing/sealer.js';
import { only, without, type ConnectorConfig } from './connector-config.js';
import { bindingOf, type BoundColumns, type StoredConnector } from './stored-connector.entity.js';

type SealedColumns = Pick<StoredConnector, 'config' | 'configuredSecrets' | 'sealed'>;

const fields = z.record(z.string(), z.unknown());

/**
 * Puts configurations into rows and takes them out again. A row opens only as the one that it was sealed for: with
 * another address in its configuration, its secrets are of no use.
 */
@Injectable()
export class ConnectorConfigSealer {
  constructor(private readonly sealer: Sealer) {}

  async seal(
    config: ConnectorConfig,
    secretFields: readonly string[],
    row: Omit<BoundColumns, 'config'>,
  ): Promise<SealedColumns> {
    const secrets = only(config, secretFields);
    const text = JSON.stringify(without(config, secretFields));
    return {
      config: text,
      configuredSecrets: JSON.stringify(Object.keys(secrets)),
      sealed: await this.sealer.seal(JSON.stringify(secrets), bindingOf({ ...row, config: text })),
    };
  }

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`. */
  async open(row: StoredConnector): Promise<ConnectorConfig> {
    const secrets = await this.sealer.open(row.sealed, bindingOf(row));
    return { ...fields.parse(JSON.parse(row.config)), ...fields.parse(JSON.parse(secrets)) };
  }
}
