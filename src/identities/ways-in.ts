import { Injectable } from '@nestjs/common';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import { RESERVED } from '../connectors/instances/instance.js';
import type { Identity } from './identity.entity.js';
import { LinkingPolicy } from './linking.policy.js';

export type SignsIn = (identity: Identity) => boolean;

/** Which accounts sign their users in as things stand. */
@Injectable()
export class WaysIn {
  constructor(
    private readonly connectors: ConnectorRegistry,
    private readonly policy: LinkingPolicy,
  ) {}

  /**
   * Accounts at Logto, of the application's own strategies, and of connectors that are there and switched on. Asked
   * before a transaction, which must not wait for a look at the database by another connection.
   */
  async now(): Promise<SignsIn> {
    await this.connectors.list();
    return ({ connectorId, target }) => {
      if (target === RESERVED || this.policy.isOwnStrategy(connectorId)) return true;
      const instance = this.connectors.peek(connectorId)?.instance;
      return instance?.enabled === true && instance.target === target;
    };
  }
}
