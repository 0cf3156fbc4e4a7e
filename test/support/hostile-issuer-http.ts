import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { KEEP_ALIVE_MILLISECONDS } from '../../src/sandbox/listening.js';

/** What a test may look at afterwards. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  /** As it came, for a request that sends no form. */
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Iterable<Buffer>;
}

/** A reply as it should be, to be changed. */
export interface TextReply extends Reply {
  readonly body: string;
}

/** The connection ends without an answer. */
export const DROP = Symbol('drop');

export type Reaction = Reply | typeof DROP;

export interface HttpServer {
  readonly origin: string;
  close(): Promise<void>;
}

export const json = (body: unknown, status = 200): TextReply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

/** A body that has no end, or the one of that many mebibytes. */
export function* spaces(mebibytes = Infinity): Generator<Buffer> {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  for (let sent = 0; sent < mebibytes; sent += 1) yield chunk;
}

/** A server on loopback, on a port that the system chooses. */
export async function serve(answer: (request: Recorded) => Promise<Reaction>): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS }, (request, response) => {
    record(request)
      .then(answer)
      .then((reaction) => send(response, reaction))
      .catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(request: IncomingMessage): Promise<Recorded> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://issuer');
  const body = await text(request);
  const form = new URLSearchParams(body);
  const { method = 'GET', headers } = request;
  return { method, path: pathname, query: searchParams, form, body, headers };
}

async function send(response: ServerResponse, reaction: Reaction): Promise<void> {
  if (reaction === DROP) return void response.destroy();
  const { status, headers, body } = reaction;
  response.writeHead(status, headers);
  if (typeof body === 'string') return void response.end(body);
  // Whoever reads hangs up before the end: that is what an endless body is for.
  await pipeline(Readable.from(body), response).catch(() => undefined);
}
