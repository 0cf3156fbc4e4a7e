import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken } from '../basic-credentials.js';
import { personaById } from '../personas.js';
import { fieldsOf, isUserField, userFields } from './user.js';
import type { XDialect } from './x.dialect.js';

/** The API of version 2. What goes wrong is told by https://www.rfc-editor.org/rfc/rfc9457. */
export function apiRoutes(app: FastifyInstance, x: XDialect): void {
  app.get('/x/api/2/users/me', (request, reply) => me(x, request, reply));
}

function me({ ledger, rateLimit }: XDialect, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const token = ledger.findAccessToken(bearerToken(request.headers.authorization) ?? '');
  const persona = token && personaById(token.personaId);
  if (token === undefined || persona === undefined) return problem(reply, 401, 'Unauthorized');
  const { isExceeded, headers } = rateLimit.count(`${token.clientId} ${persona.id}`);
  void reply.headers(headers);
  if (isExceeded) return problem(reply, 429, 'Too Many Requests');
  if (!['users.read', 'tweet.read'].every((scope) => token.scopes.includes(scope)))
    return problem(reply, 403, 'Forbidden');
  const asked = new URL(request.url, 'http://localhost').searchParams.get('user.fields');
  const fields = asked === null ? [] : asked.split(',');
  const unknown = fields.find((field) => !isUserField(field));
  if (unknown !== undefined) return invalidField(reply, unknown);
  return reply.send({ data: fieldsOf(persona, token.scopes, fields) });
}

const problem = (reply: FastifyReply, status: number, title: string): FastifyReply =>
  sendProblem(reply, { title, type: 'about:blank', status, detail: title });

const invalidField = (reply: FastifyReply, field: string): FastifyReply =>
  sendProblem(reply, {
    errors: [
      {
        parameters: { 'user.fields': [field] },
        message: `The \`user.fields\` query parameter value [${field}] is not one of [${userFields.join(',')}]`,
      },
    ],
    title: 'Invalid Request',
    detail: 'One or more parameters to your request was invalid.',
    type: 'https://api.twitter.com/2/problems/invalid-request',
    status: 400,
  });

interface Problem extends Readonly<Record<string, unknown>> {
  readonly status: number;
}

/** As text: the framework would say that it is plain JSON. */
const sendProblem = (reply: FastifyReply, body: Problem): FastifyReply =>
  reply.code(body.status).type('application/problem+json').send(JSON.stringify(body));
