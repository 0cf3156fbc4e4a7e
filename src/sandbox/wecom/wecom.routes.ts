import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authorizationRoutes } from '../authorization/authorization.routes.js';
import { formOf, textOf } from '../body.js';
import { callingCorp, grantAppToken } from './app-token.js';
import { wecomAuthorizations } from './authorization.js';
import { memberById, memberByTicket, whoCame } from './identity.js';
import type { WecomDialect } from './wecom.dialect.js';
import { WecomError, wecomErrors } from './wecom.error.js';

/** WeCom's endpoints. All hosts of the real one are paths here. */
export function wecomRoutes(app: FastifyInstance, wecom: WecomDialect): void {
  for (const flow of wecomAuthorizations(wecom)) authorizationRoutes(app, flow);
  void app.register(async (scope) => apiRoutes(scope, wecom), { prefix: '/wecom/cgi-bin' });
}

/** Every answer has status 200 and an `errcode`, of which 0 is success. */
function apiRoutes(app: FastifyInstance, wecom: WecomDialect): void {
  app.setErrorHandler(sendWecomError);

  app.get('/gettoken', (request) => succeed(grantAppToken(wecom, queryOf(request))));

  app.get('/auth/getuserinfo', (request) => {
    const query = queryOf(request);
    return succeed(whoCame(wecom, callingCorp(wecom, query), query['code']));
  });

  app.get('/user/get', (request) => {
    const query = queryOf(request);
    return succeed(memberById(callingCorp(wecom, query), query['userid']));
  });

  app.get('/auth/getuserdetail', () => {
    throw wecomErrors.requiresPost();
  });

  app.post('/auth/getuserdetail', (request) =>
    succeed(memberByTicket(wecom, callingCorp(wecom, queryOf(request)), ticketOf(request))),
  );
}

const succeed = (data: Readonly<Record<string, unknown>>) => ({ errcode: 0, errmsg: 'ok', ...data });

const queryOf = (request: FastifyRequest): Readonly<Record<string, string>> =>
  formOf(request.url.split('?').slice(1).join('?'));

const ticketSchema = z.object({ user_ticket: z.string() });

/** JSON, whatever the content type says. */
function ticketOf(request: FastifyRequest): string {
  const parsed = ticketSchema.safeParse(jsonOf(textOf(request.body)));
  if (!parsed.success) throw wecomErrors.malformedBody();
  return parsed.data.user_ticket;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw wecomErrors.malformedBody();
    throw error;
  }
}

function sendWecomError(
  error: FastifyError | WecomError,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!(error instanceof WecomError)) throw error;
  return reply.code(200).send(error.body);
}
