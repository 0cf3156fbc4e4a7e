import { Injectable } from '@nestjs/common';
import type { IDToken } from 'openid-client';
import { z } from 'zod';
import type { ConnectorInstance, ProviderIdentity } from '../connector.js';
import type { IssuerSettings } from '../issuer.js';
import { personOf, valueAt, withoutCredentials, type ProfileMap } from '../mapped-profile.js';
import { OpenIdConnectConnector } from '../openid-connect.connector.js';
import type { SignInTokens } from '../relying-party.js';
import { splitScope } from '../token-set.js';
import { genericOidcConfig, genericOidcForm, type GenericOidcConfig as Config } from './oidc/config.js';

type Claims = Readonly<Record<string, unknown>>;

/** Any provider that speaks OpenID Connect, found by its issuer (OpenID Connect Core 1.0, Discovery 1.0). */
@Injectable()
export class GenericOidcConnector extends OpenIdConnectConnector<Claims, Config> {
  override readonly descriptor = {
    id: 'oidc',
    target: 'oidc',
    name: 'OpenID Connect',
    description: 'Any provider that speaks OpenID Connect, found by its issuer.',
    isStandard: true,
    scope: ['openid', 'profile', 'email'],
    authentication: 'post',
    refreshMarginSeconds: 300,
    formItems: genericOidcForm,
  } as const;

  override readonly configSchema = genericOidcConfig;

  protected override readonly claimsSchema = z.record(z.string(), z.unknown());

  protected override identityOf(
    claims: Claims,
    { profileMap, trustEmail }: Config,
  ): Omit<ProviderIdentity, 'issuer' | 'subject'> {
    return personOf(claims, profileMap, trustEmail);
  }

  protected override identify(instance: ConnectorInstance<Config>, claims: IDToken): ProviderIdentity {
    const identity = super.identify(instance, claims);
    return { ...identity, rawData: withoutCredentials(identity.rawData) };
  }

  protected override settings(config: Config): IssuerSettings {
    const { tokenEndpointAuthMethod, acrValues, maxAgeSeconds } = config;
    return {
      ...super.settings(config),
      authentication: tokenEndpointAuthMethod === 'client_secret_basic' ? 'basic' : 'post',
      maxAgeSeconds,
      ...(acrValues && { acrValues: splitScope(acrValues) }),
    };
  }

  protected override authorizationParameters({
    config,
  }: ConnectorInstance<Config>): Readonly<Record<string, string>> {
    return config.customConfig ?? {};
  }

  protected override async claimsOf(
    instance: ConnectorInstance<Config>,
    { claims, tokens }: SignInTokens,
  ): Promise<IDToken> {
    const { fetchUserInfo, profileMap } = instance.config;
    const isComplete = Object.values(profileMap).every((path) => valueAt(claims, path) !== undefined);
    if (!fetchUserInfo || isComplete) return claims;
    const further = await this.relyingParty(instance).userInfo(tokens.access_token, claims.sub);
    return { ...further, ...withoutLonelyFlags(claims, profileMap) };
  }
}

/** What is said about an address belongs to that address: without it, it says nothing about one from elsewhere. */
function withoutLonelyFlags(claims: IDToken, map: ProfileMap): IDToken {
  const lonely = [
    [map.email, map.emailVerified],
    [map.phone, map.phoneVerified],
  ].flatMap(([about, flag]) =>
    flag !== undefined && valueAt(claims, about ?? '') === undefined ? [topOf(claims, flag)] : [],
  );
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !lonely.includes(name))) as IDToken;
}

const topOf = (claims: IDToken, path: string): string =>
  Object.hasOwn(claims, path) ? path : path.replace(/\..*$/, '');
