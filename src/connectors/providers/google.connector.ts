import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { AuthorizationRequest, ConnectorInstance, ProviderIdentity } from '../connector.js';
import { httpsUrl, optionalText } from '../profile.js';
import {
  OpenIdConnectConnector,
  openIdConnectConfig,
  type OpenIdConnectConfig,
} from '../openid-connect.connector.js';

const claims = z.object({
  name: optionalText,
  email: optionalText,
  email_verified: z.boolean().optional().catch(undefined),
  picture: httpsUrl,
});

/** Google, by OpenID Connect: https://developers.google.com/identity/openid-connect/openid-connect */
@Injectable()
export class GoogleConnector extends OpenIdConnectConnector<z.output<typeof claims>> {
  override readonly descriptor = {
    id: 'google-universal',
    target: 'google',
    name: 'Google',
    issuer: 'https://accounts.google.com',
    scope: ['openid', 'profile', 'email'],
    authentication: 'post',
    refreshMarginSeconds: 300,
    refreshTokenNeedsConsent: true,
  } as const;

  override readonly configSchema = openIdConnectConfig;

  protected override readonly claimsSchema = claims;

  protected override identityOf({
    name,
    email,
    email_verified,
    picture,
  }: z.output<typeof claims>): Omit<ProviderIdentity, 'issuer' | 'subject'> {
    return { name, email, emailVerified: email !== undefined && email_verified === true, avatar: picture };
  }

  /**
   * Google gives a refresh token for offline access only, and only at the first consent unless asked again
   * (https://developers.google.com/identity/protocols/oauth2/web-server#offline).
   */
  protected override authorizationParameters(
    { enableTokenStorage }: ConnectorInstance<OpenIdConnectConfig>,
    { consent }: AuthorizationRequest,
  ): Record<string, string> {
    if (!enableTokenStorage) return {};
    return {
      access_type: 'offline',
      include_granted_scopes: 'true',
      ...(consent ? { prompt: 'consent' } : {}),
    };
  }
}
