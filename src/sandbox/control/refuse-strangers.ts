import type { FastifyReply, FastifyRequest } from 'fastify';

export const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Refuses a Host that is no loopback name, because a page elsewhere can point its own name at this machine
 * (DNS rebinding), and a change that a page of another origin has the browser send.
 */
export async function refuseStrangers(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (!loopbackNames.has(hostname(request.headers.host))) {
    return reply.code(403).send({ message: 'The sandbox answers to loopback names only.' });
  }
  const site = request.headers['sec-fetch-site'];
  if (request.method !== 'GET' && site !== undefined && site !== 'same-origin' && site !== 'none') {
    return reply.code(403).send({ message: 'The sandbox takes orders from its own pages only.' });
  }
  return undefined;
}

const hostname = (host: string | undefined): string => (host ?? '').toLowerCase().replace(/:\d+$/, '');
