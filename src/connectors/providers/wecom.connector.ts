import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { HttpClient } from '../../common/http-client.js';
import type { Secret } from '../../common/secret.js';
import { ApplicationTokens } from '../application-tokens/application-tokens.js';
import {
  Connector,
  type Authorization,
  type AuthorizationCallback,
  type AuthorizationRequest,
  type ConnectorInstance,
  type ProviderIdentity,
} from '../connector.js';
import { codeOf, pageFor } from './wecom/authorization.js';
import { wecomConfig, wecomForm, type WecomConfig } from './wecom/config.js';
import { isTokenRefused } from './wecom/errcodes.js';
import { profileOf, whoSchema, type Who } from './wecom/member.js';
import { WecomApi, type WecomAnswer, type WecomRequest } from './wecom/wecom-api.js';

type Instance = ConnectorInstance<WecomConfig>;

/**
 * WeCom, which is not OAuth 2.0: people grant no token, the application has one, and a code that is good once says who
 * came: https://developer.work.weixin.qq.com/document/path/91022. There is no PKCE and no nonce; the state is the only
 * protection of the callback.
 */
@Injectable()
export class WecomConnector extends Connector<WecomConfig> {
  override readonly descriptor = {
    id: 'wecom-universal',
    target: 'wecom',
    name: 'WeCom',
    description: 'Members of a company, by its own application in WeCom.',
    isTokenStorageSupported: false,
    secretFields: ['appSecret'],
    formItems: wecomForm,
    refreshMarginSeconds: 0,
  } as const;

  override readonly configSchema = wecomConfig;

  private readonly logger = new Logger(WecomConnector.name);

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly tokens: ApplicationTokens,
  ) {
    super();
  }

  override authorizationUrl({ config }: Instance, request: AuthorizationRequest): Promise<URL> {
    return Promise.resolve(pageFor(config, request));
  }

  override async exchange(instance: Instance, callback: AuthorizationCallback): Promise<Authorization> {
    const code = codeOf(instance.config, callback);
    const answer = await this.ask(instance, { path: 'auth/getuserinfo', query: { code } });
    const { success, data } = whoSchema.safeParse(answer);
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's answer has another form.");
    return { identity: await this.identify(instance, answer, data) };
  }

  override async verifyCredentials(instance: Instance): Promise<void> {
    await this.api(instance).fetchToken();
  }

  override formOrigins({ config }: Instance): Iterable<string> {
    return new Set([config.inAppEndpoint, config.qrEndpoint].map((url) => new URL(url).origin));
  }

  /** A user id is unique within its company and no further; it has no colon, so no outsider gets a member's subject. */
  private async identify(instance: Instance, who: WecomAnswer, known: Who): Promise<ProviderIdentity> {
    const { apiEndpoint, corpId, allowNonMembers } = instance.config;
    const issuer = `${apiEndpoint}/${encodeURIComponent(corpId)}`;
    const { userid, openid } = known;
    if (userid !== undefined) {
      const [byId, byTicket] = await this.details(instance, userid, known.user_ticket);
      return { ...profileOf(userid, { who, byId, byTicket }), issuer, subject: userid };
    }
    if (openid === undefined)
      throw new LatchkeyError('connector.invalid_response', 'The provider does not say who came.');
    if (!allowNonMembers)
      throw new LatchkeyError('auth.access_denied', 'Only members of the company are let in.');
    return { ...profileOf(openid, { who, byId: {}, byTicket: {} }), issuer, subject: `openid:${openid}` };
  }

  private details(instance: Instance, userid: string, user_ticket?: string): Promise<WecomAnswer[]> {
    const byId = this.tryTo(instance, { path: 'user/get', query: { userid } });
    const byTicket = user_ticket
      ? this.tryTo(instance, { path: 'auth/getuserdetail', body: { user_ticket } })
      : Promise.resolve({});
    return Promise.all([byId, byTicket]);
  }

  private ask(instance: Instance, request: WecomRequest): Promise<WecomAnswer> {
    return this.withToken(instance, (api, token) => api.ask(request, token));
  }

  /** Who somebody is is known without their details; an application whose token is not taken has a problem of its own. */
  private tryTo(instance: Instance, request: WecomRequest): Promise<WecomAnswer> {
    return this.withToken(instance, (api, token) =>
      api.ask(request, token).catch((error: unknown) => {
        if (!isLatchkeyError(error) || isTokenRefused(error)) throw error;
        const { code, upstream } = error;
        this.logger.warn(`${instance.id}: no answer of ${request.path}: ${upstream?.description ?? code}`);
        return {};
      }),
    );
  }

  /** With a token that is not taken, once more with another: WeCom may take one back before its time. */
  private async withToken(
    instance: Instance,
    send: (api: WecomApi, token: Secret) => Promise<WecomAnswer>,
  ): Promise<WecomAnswer> {
    const { apiEndpoint, corpId, appSecret } = instance.config;
    const key = { connectorId: instance.id, credentials: [apiEndpoint, corpId, appSecret] };
    const api = this.api(instance);
    const fetchToken = () => api.fetchToken();
    const token = await this.tokens.get(key, fetchToken);
    try {
      return await send(api, token);
    } catch (error) {
      if (!isLatchkeyError(error) || !isTokenRefused(error)) throw error;
      return send(api, await this.tokens.renew(key, token, fetchToken));
    }
  }

  private api({ config, privateHosts }: Instance): WecomApi {
    return new WecomApi(config, this.http.guarded(privateHosts), this.clock);
  }
}
