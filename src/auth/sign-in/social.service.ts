import { Inject, Injectable } from '@nestjs/common';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import { AUTH_OPTIONS, AUTH_PATHS, type AuthModuleOptions, type AuthPaths } from '../auth.options.js';
import type { Purpose } from './authorization-transaction.entity.js';
import { AuthorizationTransactions } from './authorization-transactions.js';
import type { Arrival } from './sign-in.service.js';
import type { CurrentSession } from '../session/sessions.js';

export interface SocialStart {
  readonly connectorId: string;
  readonly purpose: Purpose;
  readonly browser: string;
  readonly returnTo: string;
  readonly userId?: string;
}

/** Round trips to the providers of configured connectors. */
@Injectable()
export class SocialService {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    @Inject(ConnectorRegistry) private readonly connectors: ConnectorRegistry,
    private readonly transactions: AuthorizationTransactions,
  ) {}

  /** Where to send the browser. A grant that has to be renewed asks the person even if the provider remembers them. */
  async start(start: SocialStart): Promise<string> {
    const { connector, instance } = this.connectors.getEnabled(start.connectorId);
    const redirectUri = `${this.options.baseUrl}/${this.paths.callback}/${instance.id}`;
    const consent = start.purpose === 'reauthorize' && instance.enableTokenStorage;
    const begin = { ...start, redirectUri, consent };
    const url = await this.transactions.begin(begin, (request) =>
      connector.authorizationUrl(instance, request),
    );
    return url.href;
  }

  /** Who came back. The transaction is over, whatever comes of it. */
  async finish(
    connectorId: string,
    parameters: URLSearchParams,
    browser: string | undefined,
    session?: CurrentSession,
  ): Promise<Arrival> {
    const { connector, instance } = this.connectors.getEnabled(connectorId);
    const { transaction, callback } = await this.transactions.end(parameters, instance.id, browser);
    const { identity, tokenSet } = await connector.exchange(instance, callback);
    const at = { connectorId: instance.id, target: instance.target, identity };
    return { transaction, session, at, tokenSet: instance.enableTokenStorage ? tokenSet : undefined };
  }

  /** Whether asking once more would bring what {@link Arrival} lacks: a grant that lives without the person. */
  canAskAgain(connectorId: string): boolean {
    const { connector } = this.connectors.get(connectorId);
    return connector.descriptor.refreshTokenNeedsConsent === true;
  }
}
