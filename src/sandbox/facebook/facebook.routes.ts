import type { FastifyInstance } from 'fastify';
import { authorizationRoutes } from '../authorization/authorization.routes.js';
import { callingApp, callingUser } from './caller.js';
import { inspect } from './debug-token.js';
import { facebookDialog } from './dialog.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { malformed } from './facebook.error.js';
import { graph, parametersOf, presented, sendFacebookError } from './graph.js';
import { permissionsRoutes } from './permissions.routes.js';
import { grantTokens } from './token.js';
import { userNode } from './user.js';

/** Facebook's endpoints. The Graph API, a host of its own there, is a path here. */
export function facebookRoutes(app: FastifyInstance, facebook: FacebookDialect): void {
  authorizationRoutes(app, facebookDialog(facebook));
  void app.register(async (scope) => graphRoutes(scope, facebook));
}

function graphRoutes(app: FastifyInstance, facebook: FacebookDialect): void {
  app.setErrorHandler(sendFacebookError);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-app-usage', facebook.usage.header());
  });

  app.route({
    method: ['GET', 'POST'],
    url: `${graph}/oauth/access_token`,
    handler: (request, reply) =>
      reply.header('cache-control', 'no-store').send(grantTokens(facebook, parametersOf(request))),
  });

  app.get(`${graph}/me`, (request) =>
    userNode(facebook, callingUser(facebook, presented(request)), parametersOf(request)['fields']),
  );

  app.get(`${graph}/debug_token`, (request) => {
    const { input_token: inputToken } = parametersOf(request);
    if (inputToken === undefined) throw malformed('(#100) The parameter input_token is required.');
    const viewer = callingApp(facebook, presented(request));
    if (viewer === undefined) throw malformed('(#100) You must provide an app access token');
    return { data: inspect(facebook, viewer, inputToken) };
  });

  permissionsRoutes(app, facebook);
}
