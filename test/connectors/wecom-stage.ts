import { HttpClient } from '../../src/common/http-client.js';
import type {
  Authorization,
  AuthorizationRequest,
  ConnectorInstance,
} from '../../src/connectors/connector.js';
import { WecomConnector } from '../../src/connectors/providers/wecom.connector.js';
import type { WecomConfig } from '../../src/connectors/providers/wecom/config.js';
import { json, type Reaction, type Recorded } from '../support/hostile-issuer-http.js';
import { callbackWith, instanceOf, REQUEST } from '../support/round-trip.js';
import { ScriptedProvider } from '../support/scripted-provider.js';
import { TokenStage } from './application-tokens-stage.js';

export const GETTOKEN = 'GET /cgi-bin/gettoken';
export const WHO = 'GET /cgi-bin/auth/getuserinfo';
export const BY_ID = 'GET /cgi-bin/user/get';
export const BY_TICKET = 'POST /cgi-bin/auth/getuserdetail';

export const CORP = { corpId: 'ww0123456789abcdef', agentId: '1000002' } as const;
export const APP_SECRET = 'the secret of the application: 100% +ours';
export const CODE = 'the-code-of-the-callback';
export const TICKET = 'the-ticket-of-the-member-that-came';

/** A browser that is WeCom's own, as it introduces itself. */
export const IN_APP =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 wxwork/4.1.30 MicroMessenger/7.0.1';

export const good = (body: Readonly<Record<string, unknown>>): Reaction =>
  json({ errcode: 0, errmsg: 'ok', ...body });

/** WeCom's form of a failure. */
export const refusal = (errcode: number, errmsg = 'as WeCom says'): Reaction => json({ errcode, errmsg });

/** First the one, then the other for good. */
export function firstly(first: Reaction, then: Reaction): () => Reaction {
  const answers: Reaction[] = [first];
  return () => answers.shift() ?? then;
}

/** A WeCom on loopback where everything is well: Zhang comes, who has agreed to nothing. */
export class WecomStage {
  private granted = 0;
  private readonly http = new HttpClient();
  private given: WecomConnector;

  private constructor(
    readonly wecom: ScriptedProvider,
    readonly tokens: TokenStage,
  ) {}

  static async open(): Promise<WecomStage> {
    const wecom = new ScriptedProvider();
    await wecom.start();
    return new WecomStage(wecom, await TokenStage.open('SQLite'));
  }

  /** As if nobody had ever asked. */
  async renew(): Promise<void> {
    await this.tokens.clear();
    this.given = new WecomConnector(this.http, this.tokens.clock, this.tokens.process());
    this.wecom.reset();
    this.wecom.script({
      [GETTOKEN]: () => good({ access_token: `application-token-${(this.granted += 1)}`, expires_in: 7200 }),
      [WHO]: good({ userid: 'ZhangSan' }),
      [BY_ID]: good({ userid: 'ZhangSan', name: '张三', department: [1] }),
    });
  }

  get connector(): WecomConnector {
    return this.given;
  }

  instance(config: Readonly<Record<string, unknown>> = {}): ConnectorInstance<WecomConfig> {
    const given = { ...CORP, appSecret: APP_SECRET, apiEndpoint: this.wecom.origin, ...config };
    return instanceOf(this.connector, given);
  }

  async page(
    request: Partial<AuthorizationRequest> = {},
    config?: Readonly<Record<string, unknown>>,
  ): Promise<URL> {
    return this.connector.authorizationUrl(this.instance(config), { ...REQUEST, ...request });
  }

  /** Somebody comes back. */
  signIn(
    config?: Readonly<Record<string, unknown>>,
    parameters: Readonly<Record<string, string>> = { code: CODE },
  ): Promise<Authorization> {
    return this.connector.exchange(this.instance(config), callbackWith(parameters));
  }

  /** How often token, who, by id and by ticket were asked. */
  get asked(): number[] {
    return ([GETTOKEN, WHO, BY_ID, BY_TICKET] as const).map((route) => this.wecom.requestsTo(route).length);
  }

  requestTo(route: typeof GETTOKEN | typeof WHO | typeof BY_ID | typeof BY_TICKET): Recorded {
    return this.wecom.requestTo(route);
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    await this.wecom.close();
    await this.tokens.close();
  }
}
