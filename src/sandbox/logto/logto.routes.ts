import { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { textOf } from '../body.js';
import { finishInteraction, openInteraction } from './interaction.js';
import { signInPage } from './sign-in.page.js';
import { sendPage } from '../pages/page.js';
import { expiredPage } from '../pages/expired.page.js';

/** Hands `/oidc` to oidc-provider and shows the pages that it redirects to. */
export function logtoRoutes(app: FastifyInstance, provider: Provider): void {
  const callback = provider.callback();
  app.all('/oidc/*', (request, reply) => {
    reply.hijack();
    void callback(replayed(request), reply.raw);
  });

  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const interaction = await openInteraction(provider, request.raw, reply.raw);
    if (interaction === undefined) return sendPage(reply.code(400), expiredPage());
    return sendPage(reply, signInPage(interaction, request.url));
  };
  app.get('/sign-in', show);
  app.get('/register', show);
  app.get('/direct/social/:target', show);

  app.post('/sign-in', async (request, reply) => {
    const returnTo = await finishInteraction(provider, request, reply);
    return returnTo === undefined ? sendPage(reply.code(400), expiredPage()) : reply.redirect(returnTo, 303);
  });
}

/**
 * oidc-provider reads the body from the stream itself (and warns when another did), but the counter of
 * requests has read it already: so it is given a request with the same body, unread.
 */
function replayed(request: FastifyRequest): IncomingMessage {
  const { raw } = request;
  const copy = new IncomingMessage(raw.socket);
  const { method, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = raw;
  // oidc-provider learns from `originalUrl` that it is mounted at a path.
  const { url: originalUrl } = request;
  Object.assign(copy, {
    method,
    headers,
    rawHeaders,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    originalUrl,
  });
  copy.url = originalUrl.slice('/oidc'.length);
  copy.complete = true;
  copy.push(textOf(request.body));
  copy.push(null);
  return copy;
}
