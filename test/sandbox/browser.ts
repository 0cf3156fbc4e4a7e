/** A browser in small: keeps cookies, reads forms, follows redirects within one origin. */
export class Browser {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly origin: string) {}

  async get(url: string): Promise<Visit> {
    return this.follow(url, {});
  }

  /** Posts the form of a page with one of its buttons, and with its boxes as they are, but for the unticked. */
  async press(visit: Visit, name: string, value = 'yes', unticked: readonly string[] = []): Promise<Visit> {
    const action = /<form[^>]*action="([^"]*)"/.exec(visit.body)?.[1];
    if (action === undefined) throw new Error(`no form on ${visit.url}: ${visit.body}`);
    if (!new RegExp(`<button[^>]*name="${name}" value="${value}"`).test(visit.body)) {
      throw new Error(`no button ${name}=${value} on ${visit.url}: ${visit.body}`);
    }
    const fields = [...visit.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const form = new URLSearchParams({ [name]: value });
    for (const [, key = '', text = ''] of fields) form.append(key, unescaped(text));
    for (const key of tickedBoxes(visit.body)) if (!unticked.includes(key)) form.append(key, 'yes');
    return this.follow(new URL(action, visit.url).href, { method: 'POST', body: form });
  }

  private async follow(url: string, init: RequestInit): Promise<Visit> {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie: this.cookieHeader() },
    });
    this.keep(response.headers.getSetCookie());
    const location = response.headers.get('location');
    const visit = {
      url,
      status: response.status,
      location,
      headers: response.headers,
      body: await response.text(),
    };
    if (location === null) return visit;
    const next = new URL(location, url);
    return next.origin === this.origin ? this.follow(next.href, {}) : { ...visit, url: next.href };
  }

  private cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private keep(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || line.includes('Thu, 01 Jan 1970')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** Where a browser came to rest: on a page, or (by `url`) at the door of another origin. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly location: string | null;
  readonly headers: Headers;
  readonly body: string;
}

/** The names of the boxes that a page ticks by itself. */
export const tickedBoxes = (body: string): string[] =>
  [...body.matchAll(/<input\s[^>]*type="checkbox"[^>]*>/g)]
    .filter(([tag]) => /\schecked\b/.test(tag))
    .map(([tag]) => unescaped(/name="([^"]*)"/.exec(tag)?.[1] ?? ''));

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
