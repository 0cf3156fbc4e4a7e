import type { FastifyInstance } from 'fastify';
import { perform } from '../control/perform.js';
import { personaSchema } from '../personas.js';
import type { FacebookDialect } from './facebook.dialect.js';

/** What ends tokens at Facebook, by remote control. */
export function facebookControlRoutes(app: FastifyInstance, { ledger }: FacebookDialect): void {
  app.post('/facebook/control/password-changed', (request, reply) =>
    perform(request, reply, {
      schema: personaSchema,
      action: ({ persona }) => ledger.changePassword(persona),
    }),
  );
  app.post('/facebook/control/remove-app', (request, reply) =>
    perform(request, reply, {
      schema: personaSchema,
      action: ({ persona }) => ledger.removeApp({ personaId: persona }),
    }),
  );
}
