import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authorizationRoutes } from '../authorization/authorization.routes.js';
import { formOf } from '../body.js';
import { apiRoutes } from './api.routes.js';
import { githubAuthorization } from './authorization.js';
import type { GitHubDialect } from './github.dialect.js';
import { GitHubError } from './github.error.js';
import { revocationRoutes } from './revocation.routes.js';
import { authenticatedClient, grantTokens, type TokenAnswer } from './token.js';

/** github.com below `/github`, api.github.com below `/github/api`. */
export function githubRoutes(app: FastifyInstance, github: GitHubDialect): void {
  authorizationRoutes(app, githubAuthorization(github));
  apiRoutes(app, github);
  revocationRoutes(app, github);

  app.post('/github/login/oauth/access_token', (request, reply) =>
    sendAnswer(request, reply, tokenAnswer(github, request)),
  );
}

function tokenAnswer(github: GitHubDialect, request: FastifyRequest): TokenAnswer {
  try {
    const form = formOf(request.body);
    const client = authenticatedClient(github.clients, request.headers.authorization, form);
    return grantTokens(github, client, form);
  } catch (error) {
    if (error instanceof GitHubError) return error.body;
    throw error;
  }
}

/** Form-encoded unless asked otherwise, and always with status 200. */
function sendAnswer({ headers }: FastifyRequest, reply: FastifyReply, answer: TokenAnswer): FastifyReply {
  if (headers.accept?.includes('application/json') === true) {
    return reply.type('application/json; charset=utf-8').send(answer);
  }
  return reply.type('application/x-www-form-urlencoded; charset=utf-8').send(formEncoded(answer));
}

const formEncoded = (answer: TokenAnswer): string =>
  Object.entries(answer)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
