import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type {
  Authorization,
  AuthorizationCallback,
  ConnectorInstance,
  ProviderIdentity,
} from '../connector.js';
import { personOf, subjectAt, withoutCredentials } from '../mapped-profile.js';
import { OAuth2Connector, type OAuth2Dialect, type OAuth2Endpoints } from '../oauth2.connector.js';
import type { TokenAnswer } from '../token-answer.js';
import type { TokenSet } from '../token-set.js';
import {
  genericOAuth2Config,
  genericOAuth2Form,
  issuerOf,
  type GenericOAuth2Config as Config,
} from './oauth2/config.js';

type Profile = Readonly<Record<string, unknown>>;

/** Any provider that speaks OAuth 2.0 and has an address that tells who somebody is (RFC 6749). */
@Injectable()
export class GenericOAuth2Connector extends OAuth2Connector<Profile, Config> {
  override readonly descriptor = {
    id: 'oauth2',
    target: 'oauth2',
    name: 'OAuth 2.0',
    description: 'Any provider that speaks OAuth 2.0 and has an address that tells who somebody is.',
    isStandard: true,
    scope: [],
    refreshMarginSeconds: 300,
    formItems: genericOAuth2Form,
  } as const;

  override readonly configSchema = genericOAuth2Config;

  protected override readonly profileSchema = z.record(z.string(), z.unknown());

  protected override endpoints(config: Config): OAuth2Endpoints {
    return {
      issuer: issuerOf(config),
      authorization: config.authorizationEndpoint,
      token: config.tokenEndpoint,
      profile: config.userInfoEndpoint,
      revocation: config.revocationEndpoint,
    };
  }

  protected override dialect({ tokenEndpointAuthMethod, pkce, scopeDelimiter }: Config): OAuth2Dialect {
    const authentication = tokenEndpointAuthMethod === 'client_secret_basic' ? 'basic' : 'post';
    return { authentication, pkce, scopeDelimiter };
  }

  protected override identityOf(
    profile: Profile,
    { profileMap, trustEmail }: Config,
  ): Omit<ProviderIdentity, 'issuer'> {
    const person = personOf(profile, profileMap, trustEmail);
    return { subject: subjectAt(profile, profileMap.id), ...person, rawData: withoutCredentials(profile) };
  }

  /**
   * Where nobody has said which issuer to expect, there is nothing to compare `iss` with (RFC 9207 2.4). What it guards
   * against is kept out by a callback address of each instance's own as well (RFC 9700 4.4.2.2).
   */
  override exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization> {
    if (instance.config.issuer !== undefined) return super.exchange(instance, callback);
    const parameters = new URLSearchParams([...callback.parameters].filter(([name]) => name !== 'iss'));
    return super.exchange(instance, { ...callback, parameters });
  }

  override refresh(instance: ConnectorInstance<Config>, held: TokenSet): Promise<TokenSet> {
    return this.renew(instance, held);
  }

  override async revoke(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void | 'unsupported'> {
    return instance.config.revocationEndpoint ? this.withdraw(instance, held) : 'unsupported';
  }

  protected override authorizationParameters({
    config,
  }: ConnectorInstance<Config>): Readonly<Record<string, string>> {
    return config.customConfig ?? {};
  }

  /** Many leave out `token_type`, which RFC 6749 5.1 demands; what else could they mean. */
  protected override repair({ status, body }: TokenAnswer): TokenAnswer {
    const { token_type: type } = body;
    return {
      status,
      body: { ...body, token_type: type === undefined || type === null || type === '' ? 'bearer' : type },
    };
  }
}
