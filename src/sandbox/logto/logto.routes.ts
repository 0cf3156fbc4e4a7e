import { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formOf, textOf } from '../body.js';
import { finishInteraction, openInteraction } from './interaction.js';
import type { LogtoDialect } from './logto.dialect.js';
import { signInPage } from './sign-in.page.js';
import { sendPage } from '../pages/page.js';
import { expiredPage } from '../pages/expired.page.js';

/** Hands `/oidc` to oidc-provider and shows the pages that it redirects to. */
export function logtoRoutes(app: FastifyInstance, logto: LogtoDialect): void {
  app.post('/oidc/token', { preValidation: watchRefreshes(logto) }, hand);
  app.all('/oidc/*', hand);

  function hand(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    void logto.provider.callback()(replayed(request), reply.raw);
  }

  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const interaction = await openInteraction(logto.provider, request.raw, reply.raw);
    if (interaction === undefined) return sendPage(reply.code(400), expiredPage());
    return sendPage(reply, signInPage(interaction, request.url));
  };
  app.get('/sign-in', show);
  app.get('/register', show);
  app.get('/direct/social/:target', show);

  app.post('/sign-in', async (request, reply) => {
    const returnTo = await finishInteraction(logto, request, reply);
    return returnTo === undefined ? sendPage(reply.code(400), expiredPage()) : reply.redirect(returnTo, 303);
  });
}

/** Before the hooks that delay a request. */
const watchRefreshes =
  ({ refreshes }: LogtoDialect) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { grant_type: grantType, refresh_token: refreshToken } = formOf(request.body);
    if (grantType === 'refresh_token' && refreshToken !== undefined) refreshes.begin(refreshToken, reply.raw);
  };

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
