import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../../connectors/connector.registry.js';
import { FormerInstances } from '../../connectors/instances/former-instances.js';
import { StoredSecret } from '../stored-secret.entity.js';
import { TokenSetSealer } from '../token-set.sealer.js';
import type { Revocation } from './revocation.entity.js';

/** What has become of a grant: it is over, it cannot be ended, or the person has given it anew and keeps it. */
export type GrantEnding = 'revoked' | 'unsupported' | 'granted_anew';

/** One attempt to end a grant at its provider. */
@Injectable()
export class EndingGrants {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly connectors: ConnectorRegistry,
    private readonly formerInstances: FormerInstances,
    private readonly sealer: TokenSetSealer,
  ) {}

  /** Rejects with `connector.*` or `vault.*` where it is to be tried again. */
  async end(row: Revocation): Promise<GrantEnding> {
    const configured = await this.configuredFor(row);
    const { connector, instance } = configured;
    if (!connector.revoke) return 'unsupported';
    if (await this.isGrantedAnew(row, configured)) return 'granted_anew';
    const tokenSet = await this.sealer.open(row);
    const answer = await connector.revoke(instance, tokenSet).catch((error: unknown) => {
      if (!isOver(error)) throw error;
    });
    return answer ?? 'revoked';
  }

  /**
   * Providers know one grant for a person and a client, and end it with all its tokens, also those that we were granted
   * since, or hold through another instance of the same client.
   */
  private async isGrantedAnew({ subject }: Revocation, former: ConfiguredConnector): Promise<boolean> {
    if (subject === '') return false;
    const ids = (await this.connectors.ofSameClient(former)).map(({ id }) => id);
    const living = { connectorId: In(ids), subject, state: 'active' } as const;
    return ids.length > 0 && this.dataSource.manager.existsBy(StoredSecret, living);
  }

  private async configuredFor({ connectorId, formerConnectorId }: Revocation): Promise<ConfiguredConnector> {
    if (formerConnectorId === null) return this.connectors.get(connectorId);
    const former = await this.formerInstances.find(formerConnectorId);
    if (former) return former;
    throw new LatchkeyError(
      'connector.not_found',
      'The connector is gone, and nothing is known of it any more.',
    );
  }
}

/** What was to be ended has ended already. */
const isOver = (error: unknown): boolean =>
  isLatchkeyError(error) &&
  ['connector.grant_invalid', 'connector.social_invalid_access_token'].includes(error.code);
