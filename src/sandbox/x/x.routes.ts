import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authorizationRoutes } from '../authorization/authorization.routes.js';
import { formOf } from '../body.js';
import { apiRoutes } from './api.routes.js';
import { xAuthorization } from './authorization.js';
import { authenticatedClient, grantTokens, parse } from './token.js';
import type { XDialect } from './x.dialect.js';
import { XError } from './x.error.js';

/** x.com below `/x`, api.x.com below `/x/api`. */
export function xRoutes(app: FastifyInstance, x: XDialect): void {
  authorizationRoutes(app, xAuthorization(x));
  apiRoutes(app, x);

  app.route({
    method: 'POST',
    url: '/x/api/2/oauth2/token',
    errorHandler: sendXError,
    handler: (request, reply) => {
      const client = authenticatedClient(x.clients, request.headers.authorization);
      return reply.send(grantTokens(x, client, formOf(request.body)));
    },
  });

  app.route({
    method: 'POST',
    url: '/x/api/2/oauth2/revoke',
    errorHandler: sendXError,
    handler: (request, reply) => {
      const client = authenticatedClient(x.clients, request.headers.authorization);
      const { token } = parse(z.object({ token: z.string() }), formOf(request.body));
      x.ledger.revoke(token, client.clientId);
      return reply.send({ revoked: true });
    },
  });
}

function sendXError(error: FastifyError | XError, _request: FastifyRequest, reply: FastifyReply): void {
  if (!(error instanceof XError)) throw error;
  void reply.code(error.status).send(error.body);
}
