import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Persona, personaById } from '../personas.js';
import type { GitHubDialect } from './github.dialect.js';
import type { Grant } from './ledger.js';
import { emailsOf, profileOf } from './profile.js';
import { hasScope } from './scopes.js';

const DOCS = 'https://docs.github.com/rest';

interface Caller {
  readonly token: Grant;
  readonly persona: Persona;
}

export function apiRoutes(app: FastifyInstance, github: GitHubDialect): void {
  app.get('/github/api/user', (request, reply) =>
    answered(github, { request, reply }, ({ persona }) => reply.send(profileOf(persona))),
  );
  app.get('/github/api/user/emails', (request, reply) =>
    answered(github, { request, reply }, ({ token, persona }) => {
      const refused = emailRefusal(github, token);
      return refused === undefined ? reply.send(emailsOf(persona)) : problem(reply, ...refused);
    }),
  );
}

/** GitHub looks for a User-Agent before anything else, and tells the scopes of an OAuth App's token in a header. */
function answered(
  { ledger, clients }: GitHubDialect,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  answer: (caller: Caller) => FastifyReply,
): FastifyReply {
  const { authorization, 'user-agent': userAgent } = request.headers;
  if (!userAgent) return withoutUserAgent(reply);
  const value = /^(?:bearer|token) (.+)$/i.exec(authorization ?? '')?.[1];
  if (value === undefined) return problem(reply, 401, 'Requires authentication');
  const token = ledger.findAccessToken(value);
  const persona = token && personaById(token.personaId);
  if (token === undefined || persona === undefined) return problem(reply, 401, 'Bad credentials');
  const isApp = clients.find(({ clientId }) => clientId === token.clientId)?.githubApp !== undefined;
  if (!isApp) void reply.header('x-oauth-scopes', token.scopes.join(', '));
  return answer({ token, persona });
}

/** An OAuth App needs a scope, a GitHub App a permission. */
function emailRefusal(
  { clients }: GitHubDialect,
  token: Grant,
): [status: number, message: string] | undefined {
  const client = clients.find(({ clientId }) => clientId === token.clientId);
  if (client?.githubApp === undefined)
    return hasScope(token.scopes, 'user:email') ? undefined : [404, 'Not Found'];
  return client.githubApp.emailPermission ? undefined : [403, 'Resource not accessible by integration'];
}

export const problem = (reply: FastifyReply, status: number, message: string): FastifyReply =>
  reply.code(status).send({ message, documentation_url: DOCS, status: String(status) });

/** https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent */
const withoutUserAgent = (reply: FastifyReply): FastifyReply =>
  reply
    .code(403)
    .type('text/plain')
    .send(
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    );
