import { Injectable } from '@nestjs/common';
import type { IDToken } from 'openid-client';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../common/errors.js';
import { HttpClient, type Outgoing } from '../common/http-client.js';
import {
  Connector,
  type Authorization,
  type AuthorizationCallback,
  type AuthorizationRequest,
  type ConnectorDescriptor,
  type ConnectorInstance,
  type ProviderIdentity,
} from './connector.js';
import { issuerUrl } from './endpoint.js';
import type { IssuerSettings } from './issuer.js';
import { RelyingParty, type SignInTokens } from './relying-party.js';
import { wantedScope } from './scope.js';
import { tokenSetOf, type TokenSet } from './token-set.js';

export interface OpenIdConnectDescriptor extends ConnectorDescriptor {
  /** Absent where each configuration names its own. */
  readonly issuer?: string;
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
  issuer: issuerUrl.optional(),
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
  protected abstract identityOf(claims: Claims, config: Config): Omit<ProviderIdentity, 'issuer' | 'subject'>;

  private readonly relyingParties = new WeakMap<ConnectorInstance<Config>, RelyingParty>();

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
  ) {
    super();
  }

  authorizationUrl(instance: ConnectorInstance<Config>, request: AuthorizationRequest): Promise<URL> {
    const parameters = this.authorizationParameters(instance, request);
    return this.relyingParty(instance).authorizationUrl(request, this.scope(instance, request), {
      ...(request.loginHint && { login_hint: request.loginHint }),
      ...parameters,
    });
  }

  async exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization> {
    const requestedAt = this.clock.now();
    const granted = await this.relyingParty(instance).redeem(callback);
    this.assertWelcome(instance, granted.claims);
    const claims = await this.claimsOf(instance, granted);
    return { identity: this.identify(instance, claims), tokenSet: tokenSetOf(granted.tokens, requestedAt) };
  }

  /** A new ID token may come with it, and then it has to be of the same issuer and person (OpenID Connect Core 12.2). */
  override async refresh(
    instance: ConnectorInstance<Config>,
    { refreshToken }: TokenSet,
    subject?: string,
  ): Promise<TokenSet> {
    if (!refreshToken) throw new LatchkeyError('connector.grant_invalid', 'No refresh token is held.');
    const requestedAt = this.clock.now();
    const answer = await this.relyingParty(instance).refresh(refreshToken.reveal()).catch(withoutSignIn);
    const claims = answer.claims();
    if (claims && subject !== undefined && claims.sub !== subject) throw refusedAnswer();
    return tokenSetOf(answer, requestedAt);
  }

  override async revoke(
    instance: ConnectorInstance<Config>,
    { refreshToken, accessToken }: TokenSet,
  ): Promise<void | 'unsupported'> {
    return this.relyingParty(instance).revoke((refreshToken ?? accessToken).reveal());
  }

  override async verifyCredentials(instance: ConnectorInstance<Config>): Promise<void> {
    await this.relyingParty(instance).verifyCredentials();
  }

  override formOrigins(instance: ConnectorInstance<Config>): Iterable<string> {
    return this.relyingParty(instance).origins;
  }

  override apiHosts({ config }: ConnectorInstance<Config>): Iterable<string> {
    return [new URL(this.settings(config).issuer).host];
  }

  /** What this provider wants in the authorization request beyond the standard. */
  protected authorizationParameters(
    _instance: ConnectorInstance<Config>,
    _request: AuthorizationRequest,
  ): Readonly<Record<string, string>> {
    return {};
  }

  /** Throws `auth.access_denied` for a person whom the configuration does not let in. */
  protected assertWelcome(_instance: ConnectorInstance<Config>, _claims: IDToken): void {}

  /** Where a provider says more than in its ID token, that may be added here. */
  protected claimsOf(_instance: ConnectorInstance<Config>, { claims }: SignInTokens): Promise<IDToken> {
    return Promise.resolve(claims);
  }

  private scope({ config }: ConnectorInstance<Config>, request: AuthorizationRequest): readonly string[] {
    return wantedScope({
      configured: config.scope,
      byDefault: this.descriptor.scope,
      further: ['openid'],
      request,
    });
  }

  /** Who verified claims speak of. Rejects with `connector.invalid_response` where they have another form. */
  protected identify({ config }: ConnectorInstance<Config>, claims: IDToken): ProviderIdentity {
    const { success, data } = this.claimsSchema.safeParse(claims);
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's claims have another form.");
    const { iss: issuer, sub: subject } = claims;
    return { rawData: withoutProtocol(claims), ...this.identityOf(data, config), issuer, subject };
  }

  protected relyingParty(instance: ConnectorInstance<Config>): RelyingParty {
    const known = this.relyingParties.get(instance);
    if (known) return known;
    const created = new RelyingParty(this.settings(instance.config), this.outgoing(instance));
    this.relyingParties.set(instance, created);
    return created;
  }

  /** The way out for this instance. */
  protected outgoing({ privateHosts }: ConnectorInstance<Config>): Outgoing {
    return { fetch: this.http.guarded(privateHosts) };
  }

  protected settings({ clientId, clientSecret, issuer = this.descriptor.issuer }: Config): IssuerSettings {
    if (issuer === undefined)
      throw new LatchkeyError('connector.misconfigured', 'The configuration names no issuer.');
    return { issuer, clientId, clientSecret, authentication: this.descriptor.authentication };
  }
}

/** Nobody signs in when a token is refreshed: an ID token that is not valid makes the answer one that is of no use. */
function withoutSignIn(cause: unknown): never {
  throw isLatchkeyError(cause) && cause.code === 'auth.id_token_invalid' ? refusedAnswer(cause) : cause;
}

const refusedAnswer = (cause?: unknown): LatchkeyError =>
  new LatchkeyError('connector.invalid_response', 'The provider renewed a grant of somebody else.', {
    cause,
  });

/** Claims about the token and not about the person. */
const PROTOCOL = new Set(
  'iss aud azp exp iat nbf jti nonce auth_time acr amr at_hash c_hash s_hash sid'.split(' '),
);

const withoutProtocol = (claims: IDToken): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !PROTOCOL.has(name)));
