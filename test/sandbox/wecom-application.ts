import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { Browser, type Visit } from './browser.js';
import { applicationUrl } from './relying-party.js';

type Parameters = Readonly<Record<string, string>>;
export type Data = Readonly<Record<string, unknown>>;
export type Door = 'connect/oauth2/authorize' | 'wwlogin/sso/login' | 'wwopen/sso/qrConnect';

export const redirectUri = `${applicationUrl}/callback/wecom`;

/** A company's application, by hand, since the sandbox is what is tested. */
export class WecomApplication {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly corp = sandbox.wecom,
  ) {}

  /** An address that people are sent to; a parameter of empty text is left out. */
  url(door: Door, parameters: Parameters = {}): string {
    const { corpId, agentId, endpoint } = this.corp;
    const inside = { response_type: 'code', scope: 'snsapi_base' };
    const query = new URLSearchParams({
      appid: corpId,
      agentid: agentId,
      redirect_uri: redirectUri,
      state: 'state1',
      ...(door === 'connect/oauth2/authorize' ? inside : {}),
      ...(door === 'wwlogin/sso/login' && { login_type: 'CorpApp' }),
      ...parameters,
    });
    for (const [name, value] of Object.entries(parameters)) if (value === '') query.delete(name);
    return `${endpoint}/${door}?${query.toString()}#wechat_redirect`;
  }

  async open(
    door: Door,
    parameters: Parameters = {},
    browser = new Browser(this.sandbox.url),
  ): Promise<Visit> {
    return browser.get(this.url(door, parameters));
  }

  /** Through the pages up to the callback. */
  async authorize(persona: string, parameters: Parameters = {}, door?: Door): Promise<URL> {
    const browser = new Browser(this.sandbox.url);
    const visit = await this.open(door ?? 'connect/oauth2/authorize', parameters, browser);
    const next = await browser.press(visit, 'persona', persona);
    return new URL((next.body.includes('name="allow"') ? await browser.press(next, 'allow') : next).url);
  }

  async code(persona: string, parameters: Parameters = {}, door?: Door): Promise<string> {
    return (await this.authorize(persona, parameters, door)).searchParams.get('code') ?? '';
  }

  gettoken(parameters: Parameters = {}): Promise<Data> {
    return this.get('gettoken', { corpid: this.corp.corpId, corpsecret: this.corp.appSecret, ...parameters });
  }

  async token(): Promise<string> {
    return String((await this.gettoken())['access_token']);
  }

  async whoCame(code: string): Promise<Data> {
    return this.get('auth/getuserinfo', { access_token: await this.token(), code });
  }

  async member(userid: string): Promise<Data> {
    return this.get('user/get', { access_token: await this.token(), userid });
  }

  async details(ticket: unknown): Promise<Data> {
    return this.post('auth/getuserdetail', JSON.stringify({ user_ticket: ticket }));
  }

  async post(path: string, body: string): Promise<Data> {
    return this.ask(`${path}?access_token=${await this.token()}`, { method: 'POST', body });
  }

  get(path: string, parameters: Parameters): Promise<Data> {
    return this.ask(`${path}?${new URLSearchParams(parameters).toString()}`);
  }

  /** Every answer has status 200, or this throws. */
  private async ask(path: string, init: RequestInit = {}): Promise<Data> {
    const response = await fetch(`${this.corp.endpoint}/cgi-bin/${path}`, init);
    if (response.status !== 200) throw new Error(`WeCom answered ${response.status}`);
    return (await response.json()) as Data;
  }
}
