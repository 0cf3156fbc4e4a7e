import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { formOf, textOf } from '../body.js';
import { personas } from '../personas.js';
import type { Control } from './control.js';
import { faultSchema } from './faults.js';
import { refuseStrangers } from './refuse-strangers.js';

const YEAR_SECONDS = 366 * 24 * 3600;
const advanceSchema = z.object({ seconds: z.coerce.number().int().min(1).max(YEAR_SECONDS) });
const personaSchema = z.object({ persona: z.enum(personas.map(({ id }) => id)) });

/** The sandbox by remote control: JSON for programs, forms for the buttons of its page. */
export async function controlRoutes(app: FastifyInstance, control: Control): Promise<void> {
  app.addHook('preHandler', refuseStrangers);

  app.get('/clock', () => control.time());
  app.post('/clock/advance', (request, reply) =>
    perform(request, reply, advanceSchema, ({ seconds }) => control.advance(seconds)),
  );
  app.post('/google/control/revoke', (request, reply) =>
    perform(request, reply, personaSchema, ({ persona }) => control.revokeGoogleGrants(persona)),
  );
  app.post('/logto/control/revoke', (request, reply) =>
    perform(request, reply, personaSchema, ({ persona }) => control.logto.revokeGrants(persona)),
  );
  app.post('/logto/control/end-sessions', (request, reply) =>
    perform(request, reply, personaSchema, ({ persona }) => control.logto.endSessions(persona)),
  );
  app.post('/logto/control/suspend', (request, reply) =>
    perform(request, reply, personaSchema, ({ persona }) => control.logto.suspend(persona)),
  );
  app.post('/logto/control/rotate-keys', async (_request, reply) => {
    await control.logto.rotateKeys();
    return reply.code(204).send();
  });
  app.post('/faults', (request, reply) =>
    perform(request, reply, faultSchema, (fault) => control.faults.add(fault)),
  );
  app.delete('/faults', (_request, reply) => {
    control.faults.clear();
    return reply.code(204).send();
  });
  app.get('/requests', () => control.requests.all());
  app.delete('/requests', (_request, reply) => {
    control.requests.clear();
    return reply.code(204).send();
  });
}

async function perform<Input>(
  request: FastifyRequest,
  reply: FastifyReply,
  schema: z.ZodType<Input>,
  action: (input: Input) => void | Promise<void>,
): Promise<FastifyReply> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const parsed = schema.safeParse(isForm ? formOf(request.body) : jsonOf(request.body));
  if (!parsed.success) return reply.code(400).send({ message: z.prettifyError(parsed.error) });
  await action(parsed.data);
  return isForm ? reply.redirect('/', 303) : reply.code(204).send();
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') return undefined;
    throw error;
  }
}
