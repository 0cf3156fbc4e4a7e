import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formOf } from '../body.js';
import { sendPage } from '../pages/page.js';
import { type Persona, personaById } from '../personas.js';
import { accountPage, consentPage, type Pending, refusalPage } from './authorization.pages.js';
import type { AuthorizationFlow } from './flow.js';
import { grantedScopes } from './scope-choices.js';

type Form = Readonly<Record<string, string>>;

/** The pages keep the request in a hidden field and it is read anew each time, so nothing is remembered between them. */
export function authorizationRoutes<Request>(app: FastifyInstance, flow: AuthorizationFlow<Request>): void {
  app.get(flow.path, (request, reply) => {
    const query = request.url.split('?').slice(1).join('?');
    return withRequest({ flow, query, form: {} }, request, reply);
  });

  app.post(flow.path, (request, reply) => {
    const form = formOf(request.body);
    return withRequest({ flow, query: form['request'] ?? '', form }, request, reply);
  });
}

interface Step<Request> {
  readonly flow: AuthorizationFlow<Request>;
  readonly query: string;
  readonly form: Form;
}

function withRequest<Request>(
  step: Step<Request>,
  { url }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { flow, query, form } = step;
  const reading = flow.read(query);
  if ('redirectTo' in reading) return reply.redirect(reading.redirectTo, 302);
  if ('refusal' in reading) return sendPage(reply.code(400), refusalPage(flow.provider, reading.refusal));
  const { request } = reading;
  const [path = ''] = url.split('?');
  const pending = { provider: flow.provider, question: flow.question(request), path, query };
  const persona = personaById(form['persona'] ?? '') ?? pending.question.hinted;
  const isCancelled = form['cancel'] !== undefined || persona?.behaviour === 'cancels';
  if (isCancelled) return reply.redirect(flow.cancel(request), 302);
  if (persona === undefined) return sendPage(reply, accountPage(pending));
  const asked = { ...pending, question: flow.question(request, persona) };
  const granted = consentOf({ ...step, request, pending: asked }, persona);
  if (granted === undefined) return sendPage(reply, consentPage(asked, persona));
  return reply.redirect(flow.allow(request, { persona, granted }), 302);
}

/** The granted scopes; undefined as long as the person has to be asked. */
function consentOf<Request>(
  { flow, form, request, pending }: Step<Request> & { readonly request: Request; readonly pending: Pending },
  persona: Persona,
): readonly string[] | undefined {
  const { scopes } = pending.question;
  if (form['allow'] !== undefined) return grantedScopes(scopes, form);
  return flow.isConsentDue(request, persona) ? undefined : scopes.map(({ scope }) => scope);
}
