import { HttpClient, type Fetch } from '../../../src/common/http-client.js';
import { Browser } from '../../support/browser.js';

export interface Heard {
  /** By the first part of the path that they came from. */
  readonly tokens: Map<string, Set<string>>;
  /** Every address that was asked. */
  readonly addresses: string[];
}

/** The way out of a backend, with an ear on what the providers' token endpoints hand out there. */
export class TappedHttpClient extends HttpClient {
  constructor(private readonly heard: Heard) {
    super();
    Object.assign(this, { fetch: this.tapped(this.fetch) });
  }

  override guarded(...how: Parameters<HttpClient['guarded']>): Fetch {
    return this.tapped(super.guarded(...how));
  }

  private tapped(send: Fetch): Fetch {
    return async (address, init) => {
      this.heard.addresses.push(String(address));
      const answer = await send(address, init);
      if (answer.ok) this.note(new URL(address).pathname, await answer.clone().text());
      return answer;
    };
  }

  private note(path: string, body: string): void {
    const [, provider = ''] = path.split('/');
    const known = this.heard.tokens.get(provider) ?? new Set();
    for (const [, token] of body.matchAll(/"(?:access_token|refresh_token)": ?"([^"]+)"/g)) known.add(token);
    if (known.size > 0) this.heard.tokens.set(provider, known);
  }
}

/** A browser that keeps where it was and what the backend has told it, but for the one answer that is a token's. */
export class TappedBrowser extends Browser {
  constructor(
    private readonly backend: string,
    private readonly seen: { readonly addresses: string[]; readonly answers: string[] },
  ) {
    super();
  }

  override async request(url: string, init: RequestInit = {}): Promise<Response> {
    const answer = await super.request(url, init);
    this.seen.addresses.push(url, answer.headers.get('location') ?? '');
    if (!url.startsWith(this.backend)) return answer;
    this.seen.answers.push(JSON.stringify([...answer.headers]));
    const { pathname } = new URL(url);
    if (!(answer.ok && pathname.endsWith('/access-token')))
      this.seen.answers.push(await answer.clone().text());
    return answer;
  }
}
