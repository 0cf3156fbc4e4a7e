import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import {
  DROP,
  json,
  serve,
  type HttpServer,
  type Reaction,
  type Recorded,
  type TextReply,
} from './hostile-issuer-http.js';

/** An answer, or what makes one of the request. */
export type Script = Reaction | ((request: Recorded) => Reaction | Promise<Reaction>);

/** `GET /path`, without the query. */
export type Route = `${'GET' | 'POST' | 'DELETE'} /${string}`;

export type Scripts = Readonly<Partial<Record<Route, Script>>>;

/** The provider of a whole file of tests. Before each of them it has been asked nothing, and answers like this. */
export function scriptedProvider(good: Scripts): ScriptedProvider {
  const provider = new ScriptedProvider();
  beforeAll(() => provider.start());
  beforeEach(() => {
    provider.reset();
    provider.script(good);
  });
  afterAll(() => provider.close());
  return provider;
}

/**
 * An identity provider on loopback that answers as the test says, request by request, and keeps all that it was asked.
 * What no script is for is answered with 404, so a request that nobody expected fails.
 */
export class ScriptedProvider {
  readonly requests: Recorded[] = [];
  private server: HttpServer;
  private readonly scripts = new Map<string, Script>();

  async start(): Promise<void> {
    this.server = await serve((request) => this.answer(request));
  }

  get origin(): string {
    return this.server.origin;
  }

  /** Answers like this from now on, and leaves the other routes as they are. */
  script(scripts: Scripts): void {
    for (const [route, script] of Object.entries(scripts)) if (script) this.scripts.set(route, script);
  }

  /** Forgets scripts and requests. */
  reset(): void {
    this.scripts.clear();
    this.requests.length = 0;
  }

  requestsTo(route: Route): Recorded[] {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === route);
  }

  /** The one request that was made there. */
  requestTo(route: Route): Recorded {
    const [request, ...others] = this.requestsTo(route);
    if (!request || others.length > 0)
      throw new Error(`${route} was asked ${this.requestsTo(route).length} times`);
    return request;
  }

  /** Paths and queries of all requests, as a log on the way would show them, decoded. */
  get addresses(): string[] {
    return this.requests.map(({ path, query }) =>
      [path, ...[...query].map(([name, value]) => `${name}=${value}`)].join(' '),
    );
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async answer(request: Recorded): Promise<Reaction> {
    this.requests.push(request);
    const script = this.scripts.get(`${request.method} ${request.path}`);
    if (script === undefined) return json({ error: 'no script' }, 404);
    return typeof script === 'function' ? script(request) : script;
  }
}

/** Text of any kind, a page of a captive portal for one. */
export const textReply = (body: string, type: string, status = 200): TextReply => ({
  status,
  headers: { 'content-type': type },
  body,
});

/** An answer as it is, with these headers too. */
export const withHeaders = (body: unknown, status: number, headers: Record<string, string>): TextReply => ({
  status,
  headers: { ...json(body).headers, ...headers },
  body: JSON.stringify(body),
});

/** The connection stays, and nothing comes. */
export const hang: Script = () => new Promise<never>(() => undefined);

/** The connection ends without an answer. */
export const drop: Script = DROP;
