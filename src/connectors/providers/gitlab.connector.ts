import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ProviderIdentity } from '../connector.js';
import { clientForm, textItem } from '../forms.js';
import { OpenIdConnectConnector, openIdConnectConfig } from '../openid-connect.connector.js';
import { httpsUrl, optionalText } from '../profile.js';

const claims = z.object({
  name: optionalText,
  nickname: optionalText,
  email: optionalText,
  email_verified: z.boolean().optional().catch(undefined),
  picture: httpsUrl,
});

/** GitLab, its own or a self-managed one by `issuer`: https://docs.gitlab.com/integration/openid_connect_provider/ */
@Injectable()
export class GitlabConnector extends OpenIdConnectConnector<z.output<typeof claims>> {
  override readonly descriptor = {
    id: 'gitlab-universal',
    target: 'gitlab',
    name: 'GitLab',
    description: 'Accounts of gitlab.com or of a self-managed GitLab.',
    issuer: 'https://gitlab.com',
    scope: ['openid', 'profile', 'email'],
    formItems: [
      ...clientForm,
      textItem('issuer', 'Issuer of a self-managed GitLab', 'https://gitlab.example.com'),
    ],
    authentication: 'post',
    refreshMarginSeconds: 300,
  } as const;

  override readonly configSchema = openIdConnectConfig;

  protected override readonly claimsSchema = claims;

  protected override identityOf(
    person: z.output<typeof claims>,
  ): Omit<ProviderIdentity, 'issuer' | 'subject'> {
    const { name, nickname: username, email, email_verified: verified = false, picture: avatar } = person;
    return { name, username, email, emailVerified: verified && email !== undefined, avatar };
  }
}
