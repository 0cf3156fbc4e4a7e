import { Injectable } from '@nestjs/common';
import type { IDToken } from 'openid-client';
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
import { RelyingParty } from './relying-party.js';
import { splitScope, tokenSetOf, type TokenSet } from './token-set.js';

export interface OpenIdConnectDescriptor extends ConnectorDescriptor {
  readonly issuer: string;
  readonly scope: readonly string[];
  readonly authentication: 'basic' | 'post';
}

/** Configuration that every OpenID Connect connector has, in Logto's field names. */
export const openIdConnectConfig = z.object({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** Replaces the descriptor's default; separated by spaces. */
  scope: z.string().optional(),
  /** Another issuer that speaks the same dialect: an emulator, a private cloud. */
  issuer: z.url().optional(),
});

export type OpenIdConnectConfig = z.output<typeof openIdConnectConfig>;

/**
 * Base of the connectors whose provider speaks OpenID Connect: everything that the specifications say is here,
 * and a provider adds its descriptor, the form of its claims and a pure function from claims to identity.
 */
@Injectable()
export abstract class OpenIdConnectConnector<
  Claims,
  Config extends OpenIdConnectConfig = OpenIdConnectConfig,
> extends Connector<Config> {
  abstract override readonly descriptor: OpenIdConnectDescriptor;

  /** The claims that {@link identityOf} reads. Optional ones of the wrong type count as absent. */
  protected abstract readonly claimsSchema: z.ZodType<Claims>;

  /** Who the verified ID token speaks of. */
  protected abstract identityOf(claims: Claims): Omit<ProviderIdentity, 'issuer' | 'subject'>;

  private readonly relyingParties = new WeakMap<ConnectorInstance<Config>, RelyingParty>();

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
  ) {
    super();
  }

  authorizationUrl(instance: ConnectorInstance<Config>, request: AuthorizationRequest): Promise<URL> {
    const parameters = this.authorizationParameters(instance, request);
    return this.relyingParty(instance).authorizationUrl(request, this.scope(instance), parameters);
  }

  async exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization> {
    const requestedAt = this.clock.now();
    const { tokens, claims } = await this.relyingParty(instance).redeem(callback);
    return { identity: this.identify(claims), tokenSet: tokenSetOf(tokens, requestedAt) };
  }

  override async refresh(instance: ConnectorInstance<Config>, { refreshToken }: TokenSet): Promise<TokenSet> {
    if (!refreshToken) throw new LatchkeyError('connector.grant_invalid', 'No refresh token is held.');
    const requestedAt = this.clock.now();
    return tokenSetOf(await this.relyingParty(instance).refresh(refreshToken.reveal()), requestedAt);
  }

  override async revoke(
    instance: ConnectorInstance<Config>,
    { refreshToken, accessToken }: TokenSet,
  ): Promise<void> {
    await this.relyingParty(instance).revoke((refreshToken ?? accessToken).reveal());
  }

  override formOrigins(instance: ConnectorInstance<Config>): Iterable<string> {
    return this.relyingParty(instance).origins;
  }

  /** What this provider wants in the authorization request beyond the standard. */
  protected authorizationParameters(
    _instance: ConnectorInstance<Config>,
    _request: AuthorizationRequest,
  ): Readonly<Record<string, string>> {
    return {};
  }

  private scope({ config }: ConnectorInstance<Config>): readonly string[] {
    return config.scope === undefined ? this.descriptor.scope : splitScope(config.scope);
  }

  private identify(claims: IDToken): ProviderIdentity {
    const { success, data } = this.claimsSchema.safeParse(claims);
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's claims have another form.");
    return { ...this.identityOf(data), issuer: claims.iss, subject: claims.sub };
  }

  private relyingParty(instance: ConnectorInstance<Config>): RelyingParty {
    const known = this.relyingParties.get(instance);
    if (known) return known;
    const { clientId, clientSecret, issuer = this.descriptor.issuer } = instance.config;
    const { authentication } = this.descriptor;
    const created = new RelyingParty({ issuer, clientId, clientSecret, authentication }, this.http);
    this.relyingParties.set(instance, created);
    return created;
  }
}
