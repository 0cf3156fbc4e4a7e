import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ConnectorRegistry, TokenVaultService, type AuthorizationRequest } from '../../src/index.js';

const secret = () => randomBytes(32).toString('hex');

/** Access to providers for the users of an application that signs people in by itself. */
@Injectable()
export class ProviderAccess {
  constructor(
    private readonly connectors: ConnectorRegistry,
    private readonly vault: TokenVaultService,
    private readonly dataSource: DataSource,
  ) {}

  /** Where to send the person. Keep the request in their session, and take it out at the callback. */
  async begin(connectorId: string): Promise<{ url: string; request: AuthorizationRequest }> {
    const { connector, instance } = await this.connectors.getEnabled(connectorId);
    const redirectUri = `https://app.example.com/callback/${connectorId}`;
    const request = { redirectUri, state: secret(), nonce: secret(), codeVerifier: secret() };
    return { url: (await connector.authorizationUrl(instance, request)).href, request };
  }

  /** `parameters` are those of the callback's query. From now on `vault.read(userId, target)` has a token that works. */
  async finish(
    userId: string,
    connectorId: string,
    request: AuthorizationRequest,
    parameters: URLSearchParams,
  ): Promise<void> {
    if (parameters.get('state') !== request.state) throw new Error('the callback is for another request');
    const { connector, instance } = await this.connectors.getEnabled(connectorId);
    const { identity, tokenSet } = await connector.exchange(instance, { ...request, parameters });
    const owner = { userId, connectorId, target: instance.target, subject: identity.subject };
    if (tokenSet) await this.dataSource.transaction((manager) => this.vault.store(manager, owner, tokenSet));
  }

  /** The user goes, and so does what providers have granted: `revoked`, `pending` (it is tried for days) or `unsupported`. */
  async leave(userId: string) {
    const grants = await this.dataSource.transaction(async (manager) =>
      this.vault.forgetAll(manager, await this.vault.ownersOf(manager, userId)),
    );
    return this.vault.endGrants(grants);
  }
}
