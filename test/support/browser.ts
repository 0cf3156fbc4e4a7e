/** A browser without a screen: keeps cookies as browsers do, follows links and redirects, fills in forms. */
export class Browser {
  private readonly jar = new Map<string, Map<string, string>>();

  /** One request; a redirect is returned and not followed. */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url);
    const headers = new Headers({ accept: 'text/html', ...Object.fromEntries(new Headers(init.headers)) });
    const cookies = this.cookies(target.hostname);
    if (cookies) headers.set('cookie', cookies);
    const response = await fetch(target, { ...init, headers, redirect: 'manual' });
    this.keep(target.hostname, response.headers.getSetCookie());
    return response;
  }

  /** Follows redirects until a page. */
  async open(url: string, init: RequestInit = {}): Promise<Page> {
    let [location, options] = [url, init];
    for (let hop = 0; hop < 20; hop += 1) {
      const response = await this.request(location, options);
      const next = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || next === null)
        return new Page(this, location, response, await response.text());
      location = new URL(next, location).href;
      options = {};
    }
    throw new Error(`too many redirects from ${url}`);
  }

  async json(
    url: string,
    init: RequestInit = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
    const response = await this.request(url, {
      ...init,
      headers: { accept: 'application/json', ...Object.fromEntries(new Headers(init.headers)) },
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  cookie(host: string, name: string): string | undefined {
    return this.jar.get(host)?.get(name);
  }

  setCookie(host: string, name: string, value: string): void {
    const cookies = this.jar.get(host) ?? new Map<string, string>();
    this.jar.set(host, cookies.set(name, value));
  }

  /** Ports share cookies, paths are left out of account. */
  private cookies(host: string): string {
    return [...(this.jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private keep(host: string, headers: string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/; */);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const expired = attributes.some(
        (attribute) => /^max-age=0$/i.test(attribute) || /^expires=Thu, 01 Jan 1970/i.test(attribute),
      );
      if (expired) this.jar.get(host)?.delete(name);
      else this.setCookie(host, name, value);
    }
  }
}

export class Page {
  constructor(
    private readonly browser: Browser,
    readonly url: string,
    readonly response: Response,
    readonly html: string,
  ) {}

  get status(): number {
    return this.response.status;
  }

  /** Presses the button of that name (and value), in the form that holds it. */
  press(name: string, value?: string): Promise<Page> {
    const button = `name="${name}"${value === undefined ? '' : ` value="${value}"`}`;
    return this.submit((form) => form.includes(button), { [name]: value ?? valueOf(this.html, name) });
  }

  /** Sends the form whose action ends so. */
  send(action: string, fields: Record<string, string> = {}): Promise<Page> {
    return this.submit((form) => actionOf(form).endsWith(action), fields);
  }

  private submit(matches: (form: string) => boolean, fields: Record<string, string>): Promise<Page> {
    const form = (this.html.match(/<form[\s\S]*?<\/form>/g) ?? []).find(matches);
    if (!form) throw new Error(`no such form on ${this.url}: ${this.html.slice(0, 400)}`);
    const sent = /<input[^>]*(?:type="hidden"|type="checkbox"[^>]*\schecked\b)[^>]*>/g;
    const hidden = [...form.matchAll(sent)].map(
      ([input]) => [attribute(input, 'name'), attribute(input, 'value')] as const,
    );
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    const origin = new URL(this.url).origin;
    return this.browser.open(new URL(actionOf(form) || this.url, this.url).href, {
      method: 'POST',
      body,
      headers: { origin },
    });
  }
}

const actionOf = (form: string): string => attribute(form.slice(0, form.indexOf('>') + 1), 'action');

const valueOf = (html: string, name: string): string =>
  attribute(new RegExp(`<button[^>]*name="${name}"[^>]*>`).exec(html)?.[0] ?? '', 'value');

const attribute = (tag: string, name: string): string =>
  unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

const ENTITIES: Record<string, string> = { quot: '"', lt: '<', gt: '>', amp: '&' };

const unescape = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (entity: string, code?: string, name: string = '') =>
    code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? entity),
  );
