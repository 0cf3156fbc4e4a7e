import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { formOf } from '../body.js';
import { sendPage } from '../pages/page.js';
import { personaById } from '../personas.js';
import { readAuthorizationRequest } from './authorization-request.js';
import { accountPage, consentPage, type PendingRequest, refusalPage } from './authorization.pages.js';
import { allow, isConsentDue, refuse } from './authorization.js';
import type { GoogleDialect } from './google.dialect.js';

const choiceSchema = z.object({
  request: z.string().default(''),
  persona: z.string().default(''),
  allow: z.string().optional(),
  cancel: z.string().optional(),
});

/** The pages keep the request in a hidden field and it is read anew each time, so nothing is remembered between them. */
export function authorizationRoutes(app: FastifyInstance, google: GoogleDialect): void {
  app.get('/google/o/oauth2/v2/auth', (request, reply) => {
    const pending = pendingRequest(google, request.url.split('?').slice(1).join('?'), reply);
    if (pending === undefined) return reply;
    if (pending.request.prompt.includes('none')) {
      return reply.redirect(refuse(pending.request, 'interaction_required'), 302);
    }
    return sendPage(reply, accountPage(pending));
  });

  app.post('/google/o/oauth2/v2/auth', (request, reply) => {
    const choice = choiceSchema.parse(formOf(request.body));
    const pending = pendingRequest(google, choice.request, reply);
    if (pending === undefined) return reply;
    if (choice.cancel !== undefined) return reply.redirect(refuse(pending.request, 'access_denied'), 302);
    const persona = personaById(choice.persona);
    if (persona === undefined) return sendPage(reply, accountPage(pending));
    const mustAsk = choice.allow === undefined && isConsentDue(google.ledger, pending.request, persona);
    if (mustAsk) return sendPage(reply, consentPage(pending, persona));
    return reply.redirect(allow(google.ledger, pending.request, persona), 302);
  });
}

/** A request that cannot be trusted is answered here, and undefined. */
function pendingRequest(
  google: GoogleDialect,
  query: string,
  reply: FastifyReply,
): PendingRequest | undefined {
  const request = readAuthorizationRequest(query, google.clients);
  if (!('error' in request)) return { request, query };
  sendPage(reply.code(400), refusalPage(request));
  return undefined;
}
