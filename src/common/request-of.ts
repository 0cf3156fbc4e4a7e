import type { ExecutionContext } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';

/** What guards need of a request, and on what they put who makes it: an HTTP request, or a WebSocket. */
export interface Caller {
  readonly headers?: IncomingHttpHeaders;
}

/**
 * The request of a context: of HTTP on either platform, of GraphQL (`req` or `request` of the context value), or the
 * client of a WebSocket message. Throws for a transport that has no caller whom anybody could know.
 */
export function requestOf<Request extends object = Caller>(context: ExecutionContext): Request {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<Request>();
    case 'graphql':
      return ofGraphql(context.getArgByIndex(2)) as Request;
    case 'ws':
      return context.switchToWs().getClient<Request>();
    default:
      throw new Error(`Latchkey's guards do not know the transport "${context.getType<string>()}"`);
  }
}

/**
 * The headers that came with the request; of a WebSocket those of its handshake. Browsers cannot set headers there, so
 * Socket.IO's `auth.token` counts as a bearer token. The package `ws` keeps no handshake: put the request that
 * `handleConnection(client, request)` is given on the client, as `client.request`.
 */
export function headersOf(caller: object): IncomingHttpHeaders {
  const { headers, handshake, request } = caller as Connection;
  if (headers) return headers;
  const shaken = handshake?.headers ?? request?.headers ?? {};
  const token = handshake?.auth?.['token'];
  return typeof token === 'string' && shaken.authorization === undefined
    ? { ...shaken, authorization: `Bearer ${token}` }
    : shaken;
}

interface Connection extends Caller {
  readonly handshake?: { readonly headers?: IncomingHttpHeaders; readonly auth?: Record<string, unknown> };
  readonly request?: Caller;
}

function ofGraphql(value: unknown): object {
  const { req, request } = (value ?? {}) as { req?: object; request?: object };
  const found = req ?? request;
  if (!found) throw new Error('the GraphQL context holds no request: return { req } from its factory');
  return found;
}
