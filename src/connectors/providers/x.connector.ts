import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ConnectorInstance, ProviderIdentity } from '../connector.js';
import { clientForm, textItem } from '../forms.js';
import { endpointUrl } from '../endpoint.js';
import { OAuth2Connector, oauth2Config, type OAuth2Endpoints } from '../oauth2.connector.js';
import { httpsUrl, optionalText } from '../profile.js';
import { refusal, type TokenAnswer } from '../token-answer.js';
import type { TokenSet } from '../token-set.js';

const config = oauth2Config.extend({
  endpoint: endpointUrl.default('https://x.com'),
  apiEndpoint: endpointUrl.default('https://api.x.com'),
});

type Config = z.output<typeof config>;

const profile = z.object({
  data: z.object({
    id: z.string().regex(/^\d{1,32}$/),
    name: optionalText,
    username: optionalText,
    confirmed_email: optionalText,
    profile_image_url: httpsUrl,
  }),
});

/** X: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code */
@Injectable()
export class XConnector extends OAuth2Connector<z.output<typeof profile>, Config> {
  override readonly descriptor = {
    id: 'x-universal',
    target: 'x',
    name: 'X',
    description: 'Accounts of X, by a confidential client.',
    scope: ['tweet.read', 'users.read', 'users.email'],
    formItems: [
      ...clientForm,
      textItem('endpoint', 'Address of the page'),
      textItem('apiEndpoint', 'Address of the API'),
    ],
    authentication: 'basic',
    /** A refresh token is good once, so it is used when that is due and not before. */
    refreshMarginSeconds: 60,
    renewsInBackground: false,
  } as const;

  override readonly configSchema = config;

  protected override readonly profileSchema = profile;

  protected override endpoints({ endpoint, apiEndpoint }: Config): OAuth2Endpoints {
    return {
      issuer: endpoint,
      authorization: `${endpoint}/i/oauth2/authorize`,
      token: `${apiEndpoint}/2/oauth2/token`,
      revocation: `${apiEndpoint}/2/oauth2/revoke`,
      profile: `${apiEndpoint}/2/users/me`,
    };
  }

  /** X has confirmed the address, but not that it is still the person's: accounts are not joined by it. */
  protected override identityOf({ data }: z.output<typeof profile>): Omit<ProviderIdentity, 'issuer'> {
    const { id, name, username, confirmed_email: email, profile_image_url: avatar } = data;
    return { subject: id, name, username, email, emailVerified: email !== undefined, avatar };
  }

  /** Every refresh token is good once, and sending one again ends the whole grant. */
  override refresh(instance: ConnectorInstance<Config>, held: TokenSet): Promise<TokenSet> {
    return this.renew(instance, held);
  }

  override revoke(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void> {
    return this.withdraw(instance, held);
  }

  /** An address is shown to those only who were granted it; asking for it without refuses the whole profile. */
  protected override readProfile(
    instance: ConnectorInstance<Config>,
    { accessToken, scope }: TokenSet,
  ): Promise<unknown> {
    const url = new URL(this.endpoints(instance.config).profile);
    const email = scope?.includes('users.email') ? ['confirmed_email'] : [];
    url.searchParams.set('user.fields', ['name', 'username', 'profile_image_url', ...email].join(','));
    return this.read(instance, url, accessToken.reveal());
  }

  /** Without it X grants no refresh token. */
  protected override furtherScope({ enableTokenStorage }: ConnectorInstance<Config>): readonly string[] {
    return enableTokenStorage ? ['offline.access'] : [];
  }

  /** X has one code for a request that is malformed and for a code or token that is spent; its text tells them apart. */
  protected override repair(answer: TokenAnswer): TokenAnswer {
    const { error, error_description: description } = answer.body;
    return error === 'invalid_request' && /^Value passed for the .+ was invalid/.test(String(description))
      ? refusal(answer.body, 'invalid_grant')
      : answer;
  }
}
