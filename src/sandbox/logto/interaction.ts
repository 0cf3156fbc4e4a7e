import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { InteractionResults, Provider } from 'oidc-provider';
import { z } from 'zod';
import { formOf } from '../body.js';
import { personaById } from '../personas.js';
import type { LogtoDialect } from './logto.dialect.js';
import { tellClients } from './logout-notices.js';

const interactionSchema = z.object({
  params: z.object({ client_id: z.string(), redirect_uri: z.string() }),
  session: z.object({ uid: z.string() }).optional(),
});

export type Interaction = z.infer<typeof interactionSchema>;

const answerSchema = z.object({ persona: z.string().optional(), cancel: z.string().optional() });

/** The sign-in that this browser is in the middle of; undefined when there is none or it is over. */
export async function openInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Interaction | undefined> {
  const details = await provider.interactionDetails(request, response).catch(orUndefinedWhenGone);
  return details && interactionSchema.parse(details);
}

/** Takes the choice on the sign-in page and returns where the browser goes on. */
export async function finishInteraction(
  logto: LogtoDialect,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | undefined> {
  const { provider } = logto;
  const interaction = await openInteraction(provider, request.raw, reply.raw);
  const result = resultOf(formOf(request.body), logto);
  if (interaction === undefined || result === undefined) return undefined;
  const returnTo = await provider.interactionResult(request.raw, reply.raw, result, {
    mergeWithLastSubmission: false,
  });
  await leaveFormerPersona(provider, interaction, result.login?.accountId);
  return returnTo;
}

/** Logto keeps a suspended person on its page; here the client hears of it, since nothing else can be chosen. */
function resultOf(
  form: Readonly<Record<string, string>>,
  logto: LogtoDialect,
): InteractionResults | undefined {
  const answer = answerSchema.parse(form);
  const persona = personaById(answer.persona ?? '');
  if (answer.cancel !== undefined || persona?.behaviour === 'cancels')
    return denied('End-User aborted interaction');
  if (persona === undefined) return undefined;
  if (logto.isSuspended(persona.id)) return denied('This account is suspended.');
  return { login: { accountId: persona.logtoSubject } };
}

const denied = (description: string): InteractionResults => ({
  error: 'access_denied',
  error_description: description,
});

/**
 * oidc-provider changes the person of a session by a page whose form a script submits.
 * Clearing the session beforehand spares that page; the clients learn of it as they would there.
 */
async function leaveFormerPersona(
  provider: Provider,
  { session }: Interaction,
  accountId?: string,
): Promise<void> {
  const former = session && (await provider.Session.findByUid(session.uid));
  if (!former?.accountId || accountId === undefined || former.accountId === accountId) return;
  await tellClients(provider, former);
  Object.assign(former, { accountId: undefined, authorizations: undefined });
  await former.persist();
}

function orUndefinedWhenGone(error: Error): undefined {
  if (error.name === 'SessionNotFound') return undefined;
  throw error;
}
