import { z } from 'zod';
import type { Clock } from '../../../common/clock.js';
import { LatchkeyError } from '../../../common/errors.js';
import type { Fetch } from '../../../common/http-client.js';
import { Secret } from '../../../common/secret.js';
import type { FetchedToken } from '../../application-tokens/application-tokens.js';
import { jsonOf } from '../../json.js';
import { upstreamRefusal } from '../../upstream-error.js';
import type { WecomConfig } from './config.js';
import { wecomError, type WecomCall } from './errcodes.js';

export type WecomAnswer = Readonly<Record<string, unknown>>;

/** A call on behalf of the application; with a body it is a POST. */
export interface WecomRequest {
  readonly path: 'auth/getuserinfo' | 'auth/getuserdetail' | 'user/get';
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, string>>;
}

/** Every answer but those of a proxy has status 200, and an `errcode` that is 0 when all is well. */
const envelope = z.looseObject({
  errcode: z.int().default(0),
  errmsg: z.string().optional().catch(undefined),
});

const grant = z.object({
  access_token: z.string().min(1),
  expires_in: z
    .int()
    .positive()
    .transform((seconds) => Math.min(seconds, LONGEST_LIFETIME_SECONDS)),
});

const LONGEST_LIFETIME_SECONDS = 24 * 60 * 60;

/** WeCom's API for one application. Nothing is sent twice, and no address is ever part of an error: it holds secrets. */
export class WecomApi {
  constructor(
    private readonly config: WecomConfig,
    private readonly fetch: Fetch,
    private readonly clock: Clock,
  ) {}

  /** A new application token, and at WeCom the same one again while it lives: https://developer.work.weixin.qq.com/document/path/91039 */
  async fetchToken(): Promise<FetchedToken> {
    const { corpId: corpid, appSecret: corpsecret } = this.config;
    const requestedAt = this.clock.now();
    const answer = await this.call('gettoken', this.url('gettoken', { corpid, corpsecret }));
    const { success, data } = grant.safeParse(answer);
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's answer holds no access token.");
    return { token: new Secret(data.access_token), expiresAt: requestedAt + data.expires_in };
  }

  ask({ path, query, body }: WecomRequest, token: Secret): Promise<WecomAnswer> {
    const url = this.url(path, { access_token: token.reveal(), ...query });
    return this.call('api', url, body && { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) });
  }

  private async call(call: WecomCall, url: URL, init?: RequestInit): Promise<WecomAnswer> {
    const response = await this.fetch(url, init);
    if (response.status !== 200) throw upstreamRefusal(call === 'gettoken' ? 'code' : 'userinfo', response);
    const { success, data } = envelope.safeParse(jsonOf(await response.text()));
    if (!success)
      throw new LatchkeyError('connector.invalid_response', "The provider's answer has another form.");
    if (data.errcode !== 0) throw wecomError(call, data);
    return data;
  }

  private url(path: string, query: Readonly<Record<string, string>>): URL {
    return new URL(`${this.config.apiEndpoint}/cgi-bin/${path}?${new URLSearchParams(query).toString()}`);
  }
}

const JSON_BODY = { 'content-type': 'application/json' } as const;
