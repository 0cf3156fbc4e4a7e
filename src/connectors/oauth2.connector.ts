import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import { HttpClient } from '../common/http-client.js';
import {
  Connector,
  type Authorization,
  type AuthorizationCallback,
  type AuthorizationRequest,
  type ConnectorDescriptor,
  type ConnectorInstance,
  type ProviderIdentity,
} from './connector.js';
import { OAuthClient, type ClientAuthentication, type ResourceAnswer } from './oauth-client.js';
import { wantedScope } from './scope.js';
import type { TokenAnswer } from './token-answer.js';
import { tokenSetOf, type TokenSet } from './token-set.js';
import { apiAnswer, upstreamRefusal } from './upstream-error.js';

export interface OAuth2Descriptor extends ConnectorDescriptor, OAuth2Dialect {
  /** Asked for where the configuration names no scope. */
  readonly scope: readonly string[];
}

export interface OAuth2Dialect {
  /** Between the scopes of a request. Default: a space. */
  readonly scopeDelimiter?: string;
  /** Default: `post`. */
  readonly authentication?: ClientAuthentication;
  /** Whether the provider takes PKCE (RFC 7636), always with S256. Default: true. */
  readonly pkce?: boolean;
}

/** Where a provider is, for one instance. */
export interface OAuth2Endpoints {
  /** Names the provider in identities: two accounts are the same when issuer and subject are. */
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly profile: string;
  /** RFC 7009. */
  readonly revocation?: string;
}

/** Configuration that every OAuth 2.0 connector has, in Logto's field names. */
export const oauth2Config = z.object({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** Replaces the descriptor's default; separated by spaces or commas. Empty: no scope is asked for. */
  scope: z.string().optional(),
});

export type OAuth2Config = z.output<typeof oauth2Config>;

/**
 * Base of the connectors whose provider speaks OAuth 2.0 and tells who somebody is by an API of its own. What RFC 6749,
 * 7636 and 9207 say is here; a provider adds its descriptor, its endpoints, the form of its profile, and a pure
 * function from profile to identity.
 */
@Injectable()
export abstract class OAuth2Connector<
  Profile,
  Config extends OAuth2Config = OAuth2Config,
> extends Connector<Config> {
  abstract override readonly descriptor: OAuth2Descriptor;

  /** The answer of the profile endpoint. What {@link identityOf} cannot do without is not optional in it. */
  protected abstract readonly profileSchema: z.ZodType<Profile>;

  protected abstract endpoints(config: Config): OAuth2Endpoints;

  /** Who the profile speaks of. */
  protected abstract identityOf(profile: Profile, config: Config): Omit<ProviderIdentity, 'issuer'>;

  private readonly clients = new WeakMap<ConnectorInstance<Config>, OAuthClient>();

  constructor(
    private readonly http: HttpClient,
    protected readonly clock: Clock,
  ) {
    super();
  }

  authorizationUrl(instance: ConnectorInstance<Config>, request: AuthorizationRequest): Promise<URL> {
    const parameters = this.authorizationParameters(instance, request);
    return this.client(instance).authorizationUrl(request, this.scope(instance, request), parameters);
  }

  async exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization> {
    const requestedAt = this.clock.now();
    const response = await this.client(instance).redeem(callback);
    const tokenSet = await this.settle(instance, tokenSetOf(response, requestedAt));
    const profile = await this.readProfile(instance, tokenSet);
    const { success, data } = this.profileSchema.safeParse(profile);
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's profile has another form.");
    const { issuer } = this.endpoints(instance.config);
    return { identity: { rawData: profile, ...this.identityOf(data, instance.config), issuer }, tokenSet };
  }

  override async verifyCredentials(instance: ConnectorInstance<Config>): Promise<void> {
    await this.client(instance).verifyCredentials();
  }

  override formOrigins({ config }: ConnectorInstance<Config>): Iterable<string> {
    return [new URL(this.endpoints(config).authorization).origin];
  }

  /** Where the profile is read. */
  override apiHosts({ config }: ConnectorInstance<Config>): Iterable<string> {
    return [new URL(this.endpoints(config).profile).host];
  }

  /** How requests are made; the descriptor says it, unless each configuration does. */
  protected dialect(_config: Config): OAuth2Dialect {
    return this.descriptor;
  }

  /** What this provider wants in the authorization request beyond the standard. */
  protected authorizationParameters(
    _instance: ConnectorInstance<Config>,
    _request: AuthorizationRequest,
  ): Readonly<Record<string, string>> {
    return {};
  }

  /** Scopes that this provider needs beside the configured ones. */
  protected furtherScope(_instance: ConnectorInstance<Config>): readonly string[] {
    return [];
  }

  /** An answer of the token endpoint in the form of RFC 6749 5. */
  protected repair(answer: TokenAnswer): TokenAnswer {
    return answer;
  }

  /** What has just been granted, as it is to be kept and used. */
  protected settle(_instance: ConnectorInstance<Config>, granted: TokenSet): Promise<TokenSet> {
    return Promise.resolve(granted);
  }

  protected readProfile(instance: ConnectorInstance<Config>, { accessToken }: TokenSet): Promise<unknown> {
    return this.read(instance, new URL(this.endpoints(instance.config).profile), accessToken.reveal());
  }

  /** The body of a successful answer of the provider's API. */
  protected async read(instance: ConnectorInstance<Config>, url: URL, accessToken: string): Promise<unknown> {
    const answer = await this.client(instance).resource(accessToken, url);
    if (answer.status !== 200) throw this.refusalOf(answer);
    if (answer.body === undefined)
      throw new LatchkeyError('connector.invalid_response', "The provider's answer is not JSON.");
    return answer.body;
  }

  /** What an unsuccessful answer of the provider's API means. */
  protected refusalOf(answer: ResourceAnswer): LatchkeyError {
    return upstreamRefusal('userinfo', answer, apiAnswer(answer.status, answer.body));
  }

  /** The refresh of RFC 6749 6, for a connector that offers it. */
  protected async renew(instance: ConnectorInstance<Config>, { refreshToken }: TokenSet): Promise<TokenSet> {
    if (!refreshToken) throw new LatchkeyError('connector.grant_invalid', 'No refresh token is held.');
    const requestedAt = this.clock.now();
    return tokenSetOf(await this.client(instance).refresh(refreshToken.reveal()), requestedAt);
  }

  /** The revocation of RFC 7009, for a connector that offers it: of the refresh token, and with it the grant. */
  protected async withdraw(
    instance: ConnectorInstance<Config>,
    { refreshToken, accessToken }: TokenSet,
  ): Promise<void> {
    await this.client(instance).revoke((refreshToken ?? accessToken).reveal());
  }

  /** A request that is none of OAuth's. */
  protected ask(instance: ConnectorInstance<Config>, url: URL, init: RequestInit): Promise<Response> {
    return this.http.guarded(instance.privateHosts)(url, init);
  }

  protected client(instance: ConnectorInstance<Config>): OAuthClient {
    const known = this.clients.get(instance);
    if (known) return known;
    const { config, privateHosts } = instance;
    const { issuer, authorization, token, revocation } = this.endpoints(config);
    const { authentication = 'post', pkce = true, scopeDelimiter = ' ' } = this.dialect(config);
    const created = new OAuthClient({
      issuer,
      authorizationEndpoint: authorization,
      tokenEndpoint: token,
      revocationEndpoint: revocation,
      clientId: config.clientId,
      clientSecret: config.clientSecret,
      authentication,
      pkce,
      scopeDelimiter,
      outgoing: { fetch: this.http.guarded(privateHosts) },
      repair: (answer) => this.repair(answer),
    });
    this.clients.set(instance, created);
    return created;
  }

  private scope(instance: ConnectorInstance<Config>, request: AuthorizationRequest): readonly string[] {
    const further = this.furtherScope(instance);
    return wantedScope({
      configured: instance.config.scope,
      byDefault: this.descriptor.scope,
      further,
      request,
    });
  }
}
