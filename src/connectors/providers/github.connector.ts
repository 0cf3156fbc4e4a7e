import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import type {
  Authorization,
  AuthorizationCallback,
  ConnectorInstance,
  ProviderIdentity,
} from '../connector.js';
import { clientForm, textItem } from '../forms.js';
import { endpointUrl } from '../endpoint.js';
import type { ProviderMessage, ProviderNotification } from '../notifications/notification.js';
import { unsupportedNotification } from '../notifications/refusals.js';
import { OAuth2Connector, oauth2Config, type OAuth2Endpoints } from '../oauth2.connector.js';
import { httpsUrl, optionalText } from '../profile.js';
import { refusal, type TokenAnswer } from '../token-answer.js';
import type { TokenSet } from '../token-set.js';
import { upstreamRefusal } from '../upstream-error.js';
import { scopeInclusions } from './github/scopes.js';
import { revokedBy } from './github/webhook.js';

const config = oauth2Config.extend({
  /** Of GitHub Enterprise Server, without a path. */
  endpoint: endpointUrl.default('https://github.com'),
  /** Default: GitHub's own, or that of the Enterprise Server (`<endpoint>/api/v3`). */
  apiEndpoint: endpointUrl.optional(),
  /** What a GitHub App signs its webhook deliveries with; without it, none is taken. */
  webhookSecret: z.string().min(1).optional(),
});

type Config = z.output<typeof config>;

const profile = z.object({
  userInfo: z.object({
    id: z.int().positive(),
    login: optionalText,
    name: optionalText,
    avatar_url: httpsUrl,
  }),
  userEmails: z
    .array(z.object({ email: optionalText, primary: z.boolean(), verified: z.boolean() }))
    .catch([]),
});

/** GitHub's own codes, by those of RFC 6749: https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors */
const CODES = new Map([
  ['bad_verification_code', 'invalid_grant'],
  ['bad_refresh_token', 'invalid_grant'],
  ['incorrect_client_credentials', 'invalid_client'],
  ['redirect_uri_mismatch', 'redirect_uri_mismatch'],
  ['unverified_user_email', 'access_denied'],
]);

/** GitHub, as OAuth App or GitHub App: https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps */
@Injectable()
export class GithubConnector extends OAuth2Connector<z.output<typeof profile>, Config> {
  override readonly descriptor = {
    id: 'github-universal',
    target: 'github',
    name: 'GitHub',
    description: 'Accounts of github.com or of a GitHub Enterprise Server.',
    scope: ['read:user', 'user:email'],
    formItems: [
      ...clientForm,
      textItem('endpoint', 'Address of an Enterprise Server', 'https://github.example.com'),
      textItem('apiEndpoint', 'Address of its API'),
      {
        key: 'webhookSecret',
        label: 'Webhook secret of a GitHub App',
        type: 'Text',
        isConfidential: true,
      },
    ],
    secretFields: ['clientSecret', 'webhookSecret'],
    refreshMarginSeconds: 300,
    scopeInclusions,
  } as const;

  override readonly configSchema = config;

  protected override readonly profileSchema = profile;

  protected override endpoints({ endpoint, apiEndpoint = apiOf(endpoint) }: Config): OAuth2Endpoints {
    return {
      issuer: `${endpoint}/login/oauth`,
      authorization: `${endpoint}/login/oauth/authorize`,
      token: `${endpoint}/login/oauth/access_token`,
      profile: `${apiEndpoint}/user`,
    };
  }

  /** The id stays when the login is renamed. Of the addresses the verified primary one counts, and no other. */
  protected override identityOf({
    userInfo,
    userEmails,
  }: z.output<typeof profile>): Omit<ProviderIdentity, 'issuer'> {
    const email = userEmails.find(({ primary, verified }) => primary && verified)?.email;
    const known = email !== undefined;
    return {
      subject: String(userInfo.id),
      name: userInfo.name,
      username: userInfo.login,
      email,
      emailVerified: known,
      emailAuthoritative: known,
      avatar: userInfo.avatar_url,
    };
  }

  override async exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization> {
    try {
      return await super.exchange(instance, callback);
    } catch (cause) {
      if (!isLatchkeyError(cause) || cause.upstream?.code !== 'unverified_user_email') throw cause;
      const hint = 'GitHub wants you to confirm your e-mail address there first. Then try again.';
      throw new LatchkeyError('auth.access_denied', hint, { cause, upstream: cause.upstream });
    }
  }

  /** Only GitHub Apps that let their tokens expire grant a refresh token. */
  override refresh(instance: ConnectorInstance<Config>, held: TokenSet): Promise<TokenSet> {
    return this.renew(instance, held);
  }

  /** Of either kind of app; an OAuth App's token has no end: https://docs.github.com/rest/apps/oauth-applications#check-a-token */
  override async validate(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void> {
    const answer = await this.askOfToken(instance, held, { method: 'POST', path: 'token' });
    if (answer.status === 404 || answer.status === 422)
      throw new LatchkeyError('connector.grant_invalid', 'The provider no longer knows the token.');
    if (answer.status !== 200) throw upstreamRefusal('userinfo', answer);
  }

  /**
   * Ends the grant with all its tokens: https://docs.github.com/rest/apps/oauth-applications#delete-an-app-authorization.
   * That takes an access token that lives: while a refresh token does, the grant of a GitHub App is not over without one.
   */
  override async revoke(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void> {
    const answer = await this.askOfToken(instance, held, { method: 'DELETE', path: 'grant' });
    if (!GONE.has(answer.status)) throw upstreamRefusal('revoke', answer);
    if (answer.status === 204 || !held.refreshToken) return;
    const { refreshToken: _, ...renewed } = await this.renew(instance, held);
    await this.revoke(instance, renewed);
  }

  /** What an application may ask about the tokens that it was granted, by its own credentials. */
  private askOfToken(
    instance: ConnectorInstance<Config>,
    { accessToken }: TokenSet,
    { method, path }: { method: string; path: 'token' | 'grant' },
  ): Promise<Response> {
    const { clientId, clientSecret, endpoint, apiEndpoint = apiOf(endpoint) } = instance.config;
    const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const url = new URL(`${apiEndpoint}/applications/${encodeURIComponent(clientId)}/${path}`);
    return this.ask(instance, url, {
      method,
      headers: {
        authorization: `Basic ${credentials}`,
        accept: 'application/vnd.github+json',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ access_token: accessToken.reveal() }),
    });
  }

  /**
   * Every GitHub App is told when somebody takes its access away, and of what is signed nothing says when or which time:
   * https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization
   */
  override async notifications(
    { config }: ConnectorInstance<Config>,
    message: ProviderMessage,
  ): Promise<readonly ProviderNotification[]> {
    if (message.kind !== 'event' || config.webhookSecret === undefined) throw unsupportedNotification();
    const subject = revokedBy(message, config.webhookSecret);
    if (subject === undefined) return [];
    const { issuer } = this.endpoints(config);
    return [{ event: 'grant_revoked', ends: ['tokens'], issuer, subject }];
  }

  /** Errors have codes of GitHub's own, and scopes are separated by commas. */
  protected override repair({ status, body }: TokenAnswer): TokenAnswer {
    const standard = typeof body['error'] === 'string' ? CODES.get(body['error']) : undefined;
    if (standard) return refusal(body, standard);
    const { scope } = body;
    return typeof scope === 'string'
      ? { status, body: { ...body, scope: scope.replaceAll(',', ' ') } }
      : { status, body };
  }

  /** A GitHub App without permission for addresses is told so with 403 or 404, and people sign in without one. */
  protected override async readProfile(
    instance: ConnectorInstance<Config>,
    { accessToken }: TokenSet,
  ): Promise<unknown> {
    const token = accessToken.reveal();
    const { profile: url } = this.endpoints(instance.config);
    const [userInfo, userEmails] = await Promise.all([
      this.read(instance, new URL(url), token),
      this.read(instance, new URL(`${url}/emails`), token).catch((error: unknown) => {
        if (isUnpermitted(error)) return [];
        throw error;
      }),
    ]);
    return { userInfo, userEmails };
  }
}

/** In contrast to a 403 that asks to slow down. */
const isUnpermitted = (error: unknown): boolean =>
  isLatchkeyError(error) &&
  error.code === 'connector.invalid_response' &&
  [403, 404].includes(error.upstream?.status ?? 0);

/** 422 is GitHub's answer for a token that is no longer one. */
const GONE: ReadonlySet<number> = new Set([204, 404, 422]);

const apiOf = (endpoint: string): string =>
  endpoint === 'https://github.com' ? 'https://api.github.com' : `${endpoint}/api/v3`;
