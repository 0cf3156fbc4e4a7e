import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { assertPublicEndpoints, PRIVATE_HOSTS } from '../../common/private-addresses.js';
import { randomId } from '../../common/random.js';
import type { Connector } from '../connector.js';
import {
  judgeConfig,
  movesElsewhere,
  only,
  secretFieldsOf,
  without,
  type ConnectorConfig,
} from './connector-config.js';
import { ConnectorConfigSealer } from './connector-config.sealer.js';
import { ConnectorKinds } from './connector-kinds.js';
import { configuredSecretsOf, metadataOf, type ConnectorMetadata } from './connector-metadata.js';
import type { StoredConnector } from './stored-connector.entity.js';

export interface NewInstance {
  /** Chosen beforehand where the callback address has to be known first. Default: a random one. */
  readonly id?: string;
  readonly connectorId: string;
  readonly config: ConnectorConfig;
  readonly metadata?: ConnectorMetadata;
  readonly syncProfile?: boolean;
  readonly enableTokenStorage?: boolean;
  readonly enabled?: boolean;
}

/** What is absent stays as it is, and so do parts of `metadata`; null takes a part away. */
export interface InstanceChanges {
  /** Replaces the former one, but for secrets that are left out. */
  readonly config?: ConnectorConfig;
  readonly metadata?: { readonly [Part in keyof ConnectorMetadata]?: ConnectorMetadata[Part] | null };
  readonly syncProfile?: boolean;
  readonly enableTokenStorage?: boolean;
  readonly enabled?: boolean;
}

/** Rows as they are going to be, judged and sealed. */
@Injectable()
export class InstanceDrafts {
  constructor(
    private readonly kinds: ConnectorKinds,
    private readonly sealer: ConnectorConfigSealer,
    private readonly clock: Clock,
    @Inject(PRIVATE_HOSTS) private readonly privateHosts: readonly string[],
  ) {}

  async create({ metadata = {}, config, ...traits }: NewInstance): Promise<StoredConnector> {
    const connector = this.kindOf(traits);
    const now = this.clock.now();
    const row = {
      id: traits.id ?? randomId(12),
      connectorId: traits.connectorId,
      target: targetOf(connector, metadata),
      metadata: JSON.stringify(metadata),
      syncProfile: traits.syncProfile ?? false,
      enableTokenStorage: traits.enableTokenStorage ?? false,
      enabled: traits.enabled ?? true,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    assertTokenStorage(connector, row);
    const { kept } = judgeConfig(connector, config);
    await this.assertReachable(kept);
    return { ...row, ...(await this.sealer.seal(kept, secretFieldsOf(connector), row)) };
  }

  /** The next version of a row. Every one is sealed anew, because its secrets are bound to their version. */
  async change(former: StoredConnector, changes: InstanceChanges): Promise<StoredConnector> {
    const connector = this.kindOf(former);
    const row = {
      ...former,
      metadata: JSON.stringify(changedMetadata(former, changes.metadata)),
      syncProfile: changes.syncProfile ?? former.syncProfile,
      enableTokenStorage: changes.enableTokenStorage ?? former.enableTokenStorage,
      enabled: changes.enabled ?? former.enabled,
      version: former.version + 1,
      updatedAt: this.clock.now(),
    };
    if (changes.enableTokenStorage) assertTokenStorage(connector, row);
    const config = changes.config
      ? await this.nextConfig(former, changes.config)
      : await this.sealer.open(former);
    return { ...row, ...(await this.sealer.seal(config, secretFieldsOf(connector), row)) };
  }

  /**
   * A configuration in place of the row's own, with the secrets that it leaves out. Rejects with
   * `connector.invalid_config` or `connector.address_forbidden`, and with `connector.secret_required` where it leads to
   * another place. A row that no longer opens is put right by one that leaves out none.
   */
  async nextConfig(former: StoredConnector, sent: ConnectorConfig): Promise<ConnectorConfig> {
    const connector = this.kindOf(former);
    const missing = configuredSecretsOf(former).filter((name) => !(name in sent));
    const held = missing.length === 0 ? {} : await this.sealer.open(former);
    const { kept } = judgeConfig(connector, { ...sent, ...only(held, missing) });
    const open = (config: ConnectorConfig) => without(config, secretFieldsOf(connector));
    if (missing.length > 0 && movesElsewhere(open(held), open(kept)))
      throw new LatchkeyError('connector.secret_required', 'Another address needs the secrets once more.', {
        data: { fields: missing },
      });
    await this.assertReachable(kept);
    return kept;
  }

  /** What administrators configure must not make us ask machines that only we can reach. */
  private assertReachable(config: ConnectorConfig): Promise<void> {
    return assertPublicEndpoints(config, new Set(this.privateHosts));
  }

  private kindOf({ connectorId }: { readonly connectorId: string }): Connector {
    const connector = this.kinds.find(connectorId);
    if (connector) return connector;
    throw new LatchkeyError('connector.not_found_with_connector_id', 'There is no such connector factory.');
  }
}

function targetOf({ descriptor }: Connector, { target }: ConnectorMetadata): string {
  if (target !== undefined || !descriptor.isStandard) return target ?? descriptor.target;
  throw new LatchkeyError('connector.should_specify_target', 'A standard connector needs a target.');
}

function assertTokenStorage(
  { descriptor }: Connector,
  { enableTokenStorage }: { enableTokenStorage: boolean },
): void {
  if (!enableTokenStorage || descriptor.isTokenStorageSupported !== false) return;
  throw new LatchkeyError('connector.token_storage_not_supported', 'This connector has no tokens to store.');
}

/** Accounts are known by the target, so that stays. */
function changedMetadata(
  row: StoredConnector,
  { target = row.target, ...changes }: NonNullable<InstanceChanges['metadata']> = {},
): ConnectorMetadata {
  if (target !== row.target)
    throw new LatchkeyError('connector.can_not_modify_target', 'The target of a connector stays as it is.');
  const merged = Object.entries({ ...metadataOf(row), ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined));
}
