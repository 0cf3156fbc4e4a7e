import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isLatchkeyError } from '../common/errors.js';
import { ConnectorRegistry } from '../connectors/connector.registry.js';
import type { TokenSet } from '../connectors/token-set.js';
import type { TokenSetOwner, TokenVaultService } from '../token-vault/token-vault.service.js';

/** What a provider has granted to us and we hold no longer. */
export interface FormerGrant {
  readonly connectorId: string;
  readonly tokenSet: TokenSet;
}

/** Tells providers that a grant is over, where they want to know. Nobody waits for it, and nobody fails by it. */
@Injectable()
export class UpstreamRevocations implements BeforeApplicationShutdown {
  private readonly logger = new Logger(UpstreamRevocations.name);
  private readonly pending = new Set<Promise<void>>();

  constructor(private readonly connectors: ConnectorRegistry) {}

  start(grants: readonly FormerGrant[]): void {
    for (const grant of grants) {
      const revocation = this.revoke(grant).finally(() => this.pending.delete(revocation));
      this.pending.add(revocation);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.pending);
  }

  private async revoke({ connectorId, tokenSet }: FormerGrant): Promise<void> {
    try {
      const configured = await this.connectors.find(connectorId);
      await configured?.connector.revoke?.(configured.instance, tokenSet);
    } catch (error) {
      const problem = isLatchkeyError(error) ? error.code : 'an unexpected error';
      this.logger.warn(`A grant at ${connectorId} could not be ended there: ${problem}`);
    }
  }
}

/** Takes token sets out of the vault within a transaction; they are {@link UpstreamRevocations.start}'s afterwards. */
export async function takeOut(
  vault: TokenVaultService,
  manager: EntityManager,
  owners: readonly TokenSetOwner[],
): Promise<FormerGrant[]> {
  const grants: FormerGrant[] = [];
  for (const owner of owners) {
    const tokenSet = await vault.forget(manager, owner);
    if (tokenSet) grants.push({ connectorId: owner.connectorId, tokenSet });
  }
  return grants;
}
