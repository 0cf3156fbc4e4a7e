import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { faultsPage } from '../pages/faults.page.js';
import { sendPage } from '../pages/page.js';
import type { Control } from './control.js';
import { faultKinds, faultOf } from './fault-kinds.js';
import { faultSchema } from './faults.js';
import { perform } from './perform.js';

/** Faults for programs, and a page to cause them by hand. */
export function faultRoutes(app: FastifyInstance, control: Control): void {
  const { faults } = control;
  app.get('/faults', (_request, reply) => sendPage(reply, faultsPage(control.providers, faults.pending)));
  app.post('/faults', (request, reply) =>
    perform(request, reply, { schema: faultSchema, action: (fault) => faults.add(fault) }),
  );
  app.delete('/faults', (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  app.post('/faults/clear', (request, reply) =>
    perform(request, reply, { schema: z.object({}), action: () => faults.clear(), returnTo: '/faults' }),
  );
  app.post('/faults/choose', (request, reply) =>
    perform(request, reply, {
      schema: choiceSchema(control),
      action: (fault) => faults.add(fault),
      returnTo: '/faults',
    }),
  );
}

/** The form of the page: a kind of fault, an endpoint, and how often. */
function choiceSchema({ providers }: Control) {
  const known = providers.flatMap(([, { faults = [] }]) =>
    faults.map((fault) => [fault.label, fault] as const),
  );
  const kinds = [...faultKinds.map(({ id }) => id), ...known.map(([label]) => label)];
  const times = z
    .union([z.literal('').transform(() => undefined), z.coerce.number().int().min(1)])
    .optional();
  return z
    .object({ path: z.enum(providers.flatMap(([, { endpoints }]) => endpoints)), kind: z.enum(kinds), times })
    .transform(({ path, kind, times: often }) => ({
      ...(faultOf(kind, path, known) ?? { path }),
      times: often,
    }));
}
