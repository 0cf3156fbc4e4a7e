import { createHash, createHmac } from 'node:crypto';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl } from './relying-party.js';

type Parameters = Readonly<Record<string, string>>;

export const redirectUri = `${applicationUrl}/callback/facebook`;
export const verifier = 'a-code-verifier-that-is-as-long-as-it-has-to-be';
export const challenge = createHash('sha256').update(verifier).digest('base64url');

/** An answer of the Graph API, whichever it is. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The application, as Facebook sees it: by hand, since the sandbox is what is tested. */
export class FacebookApp {
  constructor(
    readonly sandbox: Sandbox,
    readonly credentials: Pick<Sandbox['facebook'], 'clientId' | 'clientSecret'> = sandbox.facebook,
    private readonly callback = redirectUri,
  ) {}

  dialogUrl(parameters: Parameters = {}): string {
    const query = new URLSearchParams({
      client_id: this.credentials.clientId,
      redirect_uri: this.callback,
      response_type: 'code',
      state: 'some state',
      scope: 'email,public_profile',
      ...parameters,
    });
    return `${this.sandbox.facebook.endpoint}/v23.0/dialog/oauth?${query.toString()}`;
  }

  /** Through the pages up to the callback. */
  async authorize(persona: string, parameters: Parameters = {}): Promise<URL> {
    const browser = new Browser(this.sandbox.url);
    let visit = await browser.press(await browser.get(this.dialogUrl(parameters)), 'persona', persona);
    if (visit.body.includes('name="allow"')) visit = await browser.press(visit, 'allow');
    return new URL(visit.url);
  }

  async code(persona: string, parameters: Parameters = {}): Promise<string> {
    return (await this.authorize(persona, parameters)).searchParams.get('code') ?? '';
  }

  /** Asks for a token, with the application's credentials unless told otherwise. */
  token(parameters: Parameters, method: 'GET' | 'POST' = 'GET'): Promise<Answer> {
    const { clientId, clientSecret } = this.credentials;
    const query = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...parameters });
    return method === 'GET'
      ? this.ask('GET', `oauth/access_token?${query.toString()}`)
      : this.ask('POST', 'oauth/access_token', query);
  }

  redeem(code: string, parameters: Parameters = {}): Promise<Answer> {
    return this.token({ code, redirect_uri: this.callback, ...parameters });
  }

  async signIn(persona: string, parameters: Parameters = {}): Promise<string> {
    return tokenOf(await this.redeem(await this.code(persona, parameters)));
  }

  exchange(token: string): Promise<Answer> {
    return this.token({ grant_type: 'fb_exchange_token', fb_exchange_token: token });
  }

  proof(token: string): string {
    return createHmac('sha256', this.credentials.clientSecret).update(token).digest('hex');
  }

  /** A call with this token and its proof. */
  call(token: string, path: string, parameters: Parameters = {}, method = 'GET'): Promise<Answer> {
    const query = new URLSearchParams({
      access_token: token,
      appsecret_proof: this.proof(token),
      ...parameters,
    });
    return this.ask(method, `${path}?${query.toString()}`);
  }

  async inspect(inputToken: string): Promise<Record<string, unknown>> {
    const { clientId, clientSecret } = this.credentials;
    const query = new URLSearchParams({
      input_token: inputToken,
      access_token: `${clientId}|${clientSecret}`,
    });
    const { body } = await this.ask('GET', `debug_token?${query.toString()}`);
    return body['data'] as Record<string, unknown>;
  }

  async ask(method: string, path: string, form?: URLSearchParams): Promise<Answer> {
    const address = `${this.sandbox.facebook.graphEndpoint}/v23.0/${path}`;
    const response = await fetch(address, { method, body: form });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  }
}

export const tokenOf = ({ body }: Answer): string => String(body['access_token']);

/** What a refusal comes down to. */
export function refusalOf({ status, body }: Answer): readonly unknown[] {
  const { code, error_subcode: subcode } = (body['error'] ?? {}) as Record<string, unknown>;
  return [status, code, subcode];
}
