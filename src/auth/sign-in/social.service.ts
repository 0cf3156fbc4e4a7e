import { Inject, Injectable } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../../connectors/connector.registry.js';
import type { Authorization, AuthorizationCallback, ConnectorInstance } from '../../connectors/connector.js';
import { splitScope, type TokenSet } from '../../connectors/token-set.js';
import { IdentitiesService } from '../../identities/identities.service.js';
import type { IdentityAt } from '../../identities/identity-at.js';
import { TokenVaultService } from '../../token-vault/token-vault.service.js';
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
  /** Asked for beside what the connector asks for. */
  readonly scope?: readonly string[];
  readonly userAgent?: string;
  /** Who the person says they are. A query of a browser's is not to be believed about it. */
  readonly loginHint?: string;
}

/** Round trips to the providers of configured connectors. */
@Injectable()
export class SocialService {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    @Inject(ConnectorRegistry) private readonly connectors: ConnectorRegistry,
    @Inject(TokenVaultService) private readonly vault: TokenVaultService,
    @Inject(IdentitiesService) private readonly identities: IdentitiesService,
    private readonly transactions: AuthorizationTransactions,
  ) {}

  /**
   * Where to send the browser. A grant that has to be renewed asks the person even if the provider remembers them, and
   * asks for what was granted before, so that nothing is lost by it.
   */
  async start(start: SocialStart): Promise<string> {
    const { connector, instance } = await this.connectors.getEnabled(start.connectorId);
    const isRenewal = start.purpose === 'reauthorize';
    if (isRenewal) await this.assertLinked(instance, start.userId);
    const redirectUri = `${this.options.baseUrl}/${this.paths.callback}/${instance.id}`;
    const renews = isRenewal && instance.enableTokenStorage;
    const scope = renews ? await this.furtherScope(instance, start) : start.scope;
    const begin = { ...start, redirectUri, consent: renews, scope };
    const url = await this.transactions.begin(begin, (request) =>
      connector.authorizationUrl(instance, request),
    );
    return url.href;
  }

  /** Nobody is sent to a provider in vain. */
  private async assertLinked({ target }: ConnectorInstance, userId = ''): Promise<void> {
    const identities = await this.identities.list(userId);
    if (identities.some((identity) => identity.target === target)) return;
    throw new LatchkeyError(
      'user.identity_not_exist',
      'No account of this provider is linked. Link one first.',
    );
  }

  /** Who came back. The transaction is over, whatever comes of it. */
  async finish(
    connectorId: string,
    parameters: URLSearchParams,
    browser: string | undefined,
    session?: CurrentSession,
  ): Promise<Arrival> {
    const configured = await this.connectors.getEnabled(connectorId);
    const { id } = configured.instance;
    const { transaction, callback } = await this.transactions.end(parameters, id, browser);
    return { transaction, session, ...(await redeem(configured, callback)) };
  }

  /** Whether asking once more would bring what {@link Arrival} lacks: a grant that lives without the person. */
  async canAskAgain(connectorId: string): Promise<boolean> {
    const { connector } = await this.connectors.get(connectorId);
    return connector.descriptor.refreshTokenNeedsConsent === true;
  }

  /** What is asked for, and what the vault holds already, of a user at this connector. */
  async furtherScope(
    { id }: Pick<ConnectorInstance, 'id'>,
    { userId, scope = [] }: Pick<SocialStart, 'userId' | 'scope'>,
  ): Promise<string[]> {
    const held = userId === undefined ? [] : await this.vault.list(userId);
    const ofConnector = held.filter(({ connectorId }) => connectorId === id);
    return [...new Set([...scope, ...ofConnector.flatMap((summary) => splitScope(summary.scope ?? ''))])];
  }
}

export interface Redeemed {
  readonly at: IdentityAt;
  /** Absent where the instance keeps none. */
  readonly tokenSet?: TokenSet;
}

/** Who a callback speaks of. An answer that names no scope grants what was asked for (RFC 6749 5.1). */
export async function redeem(
  { connector, instance }: ConfiguredConnector,
  callback: AuthorizationCallback,
): Promise<Redeemed> {
  const { identity, tokenSet } = await connector.exchange(instance, callback);
  const { id: connectorId, target, syncProfile } = instance;
  const at = { connectorId, target, identity, syncProfile };
  return { at, tokenSet: instance.enableTokenStorage ? withScope(tokenSet, callback) : undefined };
}

const withScope = (
  tokenSet: Authorization['tokenSet'],
  { scope = [] }: AuthorizationCallback,
): TokenSet | undefined =>
  tokenSet && { ...tokenSet, scope: tokenSet.scope ?? (scope.length > 0 ? scope : undefined) };
