import { Injectable, Logger } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import type { AuthorizationRequest, ConnectorInstance, ProviderIdentity } from '../connector.js';
import { clientForm, textItem } from '../forms.js';
import { endpointUrl } from '../endpoint.js';
import type { ProviderMessage, ProviderNotification } from '../notifications/notification.js';
import { unsupportedNotification } from '../notifications/refusals.js';
import type { ResourceAnswer } from '../oauth-client.js';
import { OAuth2Connector, oauth2Config, type OAuth2Endpoints } from '../oauth2.connector.js';
import { httpsUrl, optionalText } from '../profile.js';
import type { TokenAnswer } from '../token-answer.js';
import { tokenSetOf, type TokenSet } from '../token-set.js';
import { refusalOf, repaired } from './facebook/errors.js';
import { signedRequest } from './facebook/signed-request.js';

const config = oauth2Config.extend({
  /** Versions are retired about two years after their release: https://developers.facebook.com/docs/graph-api/changelog */
  graphVersion: z
    .string()
    .regex(/^v\d{1,3}\.\d$/)
    .default('v24.0'),
  endpoint: endpointUrl.default('https://www.facebook.com'),
  graphEndpoint: endpointUrl.default('https://graph.facebook.com'),
});

type Config = z.output<typeof config>;
type Instance = ConnectorInstance<Config>;

const subject = z.string().regex(/^\d{1,32}$/);

const profile = z.object({
  id: subject,
  name: optionalText,
  email: optionalText,
  picture: z
    .object({ data: z.object({ url: httpsUrl }) })
    .optional()
    .catch(undefined),
});

const inspection = z.object({
  data: z.object({
    app_id: z.coerce.string(),
    is_valid: z.boolean(),
    expires_at: z.int().nonnegative().optional().catch(undefined),
    data_access_expires_at: z.int().nonnegative().optional().catch(undefined),
  }),
});

type Inspection = z.output<typeof inspection>['data'];

const permissions = z.object({
  data: z.array(z.object({ permission: z.string(), status: z.string() })),
});

/**
 * Facebook: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow. There are no refresh tokens:
 * an access token is traded for one of about sixty days, and that one again while it is alive.
 */
@Injectable()
export class FacebookConnector extends OAuth2Connector<z.output<typeof profile>, Config> {
  override readonly descriptor = {
    id: 'facebook-universal',
    target: 'facebook',
    name: 'Facebook',
    description: 'Accounts of Facebook.',
    scope: ['email', 'public_profile'],
    formItems: [
      ...clientForm,
      textItem('graphVersion', 'Version of the Graph API', 'v24.0'),
      textItem('endpoint', 'Address of the dialog'),
      textItem('graphEndpoint', 'Address of the Graph API'),
    ],
    scopeDelimiter: ',',
    refreshMarginSeconds: 30 * 24 * 60 * 60,
    refreshesLivingAccessToken: true,
  } as const;

  override readonly configSchema = config;

  protected override readonly profileSchema = profile;

  private readonly logger = new Logger(FacebookConnector.name);

  /** An id is one app's alone, so the app is part of who vouches for it. */
  protected override endpoints({ clientId, endpoint, ...graph }: Config): OAuth2Endpoints {
    return {
      issuer: `${endpoint}/${clientId}`,
      authorization: `${endpoint}/${graph.graphVersion}/dialog/oauth`,
      token: `${graph.graphEndpoint}/${graph.graphVersion}/oauth/access_token`,
      profile: `${graph.graphEndpoint}/${graph.graphVersion}/me`,
    };
  }

  /** Facebook says of no address whether anybody has proved it. */
  protected override identityOf({
    id,
    name,
    email,
    picture,
  }: z.output<typeof profile>): Omit<ProviderIdentity, 'issuer'> {
    return { subject: id, name, email, emailVerified: false, avatar: picture?.data.url };
  }

  /** An expired token cannot be traded: https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived */
  override async refresh(instance: Instance, { accessToken }: TokenSet): Promise<TokenSet> {
    const requestedAt = this.clock.now();
    const parameters = { fb_exchange_token: accessToken.reveal() };
    return tokenSetOf(await this.client(instance).grant('fb_exchange_token', parameters), requestedAt);
  }

  /** https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke */
  override async revoke(instance: Instance, { accessToken }: TokenSet): Promise<void> {
    const token = accessToken.reveal();
    const url = this.graphUrl(instance, '/me/permissions', { appsecret_proof: proofOf(instance, token) });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await this.ask(instance, url, { method: 'DELETE', headers });
    if (!answer.ok)
      throw refusalOf({ ...answerOf(answer), body: await answer.json().catch(() => undefined) });
  }

  /**
   * What stands in the app's settings as "Deauthorize callback" and "Data deletion request":
   * https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
   */
  override async notifications(
    { config }: Instance,
    { kind, body }: ProviderMessage,
  ): Promise<readonly ProviderNotification[]> {
    if (kind === 'event') throw unsupportedNotification();
    const { userId, signature, issuedAt } = signedRequest(body, config.clientSecret, this.clock.now());
    const { issuer } = this.endpoints(config);
    const about = { id: `${kind} ${signature}`, issuedAt, issuer, subject: userId };
    return [
      kind === 'deauthorize'
        ? { event: 'grant_revoked', ends: ['tokens'], ...about }
        : { event: 'data_deletion', ends: ['account'], ...about },
    ];
  }

  override async verifyCredentials(instance: Instance): Promise<void> {
    await this.client(instance).grant('client_credentials', {});
  }

  /** A permission that was declined once is not asked for again without this. */
  protected override authorizationParameters(
    _instance: Instance,
    { consent, scope }: AuthorizationRequest,
  ): Readonly<Record<string, string>> {
    return consent || scope?.length ? { auth_type: 'rerequest' } : {};
  }

  protected override repair(answer: TokenAnswer): TokenAnswer {
    return repaired(answer);
  }

  protected override refusalOf(answer: ResourceAnswer): LatchkeyError {
    return refusalOf(answer);
  }

  /**
   * The token has to be our app's own; for the vault it is made to last, and says what the person has allowed. After 90
   * days without the person no exchange brings their data back:
   * https://developers.facebook.com/docs/facebook-login/auth-vs-data#data-access-expiration
   */
  protected override async settle(instance: Instance, granted: TokenSet): Promise<TokenSet> {
    const tokenSet = instance.enableTokenStorage ? await this.prolonged(instance, granted) : granted;
    const [ends, scope] = await Promise.all([
      this.inspect(instance, tokenSet),
      instance.enableTokenStorage ? this.granted(instance, tokenSet) : tokenSet.scope,
    ]);
    const { expires_at: end, data_access_expires_at: dataAccessEnd } = ends;
    return {
      ...tokenSet,
      scope,
      expiresAt: tokenSet.expiresAt ?? (end || undefined),
      refreshTokenExpiresAt: dataAccessEnd || undefined,
    };
  }

  protected override readProfile(instance: Instance, { accessToken }: TokenSet): Promise<unknown> {
    return this.graph(instance, '/me', accessToken.reveal(), { fields: 'id,name,email,picture' });
  }

  /** A sign-in does not fail because its token lives an hour only. */
  private async prolonged(instance: Instance, granted: TokenSet): Promise<TokenSet> {
    try {
      return { ...granted, ...(await this.refresh(instance, granted)) };
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.logger.warn(
        `${instance.id}: no long-lived token was to be had (${error.code}); the short one is kept`,
      );
      return granted;
    }
  }

  /** https://developers.facebook.com/docs/graph-api/reference/debug_token. When the token and access to data end; 0 is never. */
  private async inspect(instance: Instance, { accessToken }: TokenSet): Promise<Inspection> {
    const { clientId, clientSecret } = instance.config;
    const url = this.graphUrl(instance, '/debug_token', { input_token: accessToken.reveal() });
    const { success, data } = inspection.safeParse(
      await this.read(instance, url, `${clientId}|${clientSecret}`),
    );
    if (!success)
      throw new LatchkeyError('connector.invalid_response', 'The provider did not say whose token this is.');
    if (data.data.app_id !== clientId || !data.data.is_valid)
      throw new LatchkeyError(
        'connector.social_invalid_access_token',
        'The access token is not for this application.',
      );
    return data.data;
  }

  private async granted(
    instance: Instance,
    { accessToken }: TokenSet,
  ): Promise<readonly string[] | undefined> {
    const { success, data } = permissions.safeParse(
      await this.graph(instance, '/me/permissions', accessToken.reveal()),
    );
    return success
      ? data.data.filter(({ status }) => status === 'granted').map(({ permission }) => permission)
      : undefined;
  }

  /** https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof */
  private graph(
    instance: Instance,
    path: string,
    token: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = this.graphUrl(instance, path, { ...query, appsecret_proof: proofOf(instance, token) });
    return this.read(instance, url, token);
  }

  private graphUrl({ config }: Instance, path: string, query: Readonly<Record<string, string>>): URL {
    const url = new URL(`${config.graphEndpoint}/${config.graphVersion}${path}`);
    url.search = new URLSearchParams(query).toString();
    return url;
  }
}

const proofOf = ({ config }: Instance, accessToken: string): string =>
  createHmac('sha256', config.clientSecret).update(accessToken).digest('hex');

const answerOf = ({ status, headers }: Response): Omit<ResourceAnswer, 'body'> => ({ status, headers });
