import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { facebookControlRoutes } from '../facebook/control.routes.js';
import { noticeNamed, noticeNames, sendNotice } from '../notices.js';
import { personaSchema } from '../personas.js';
import { wecomControlRoutes } from '../wecom/control.routes.js';
import type { Control } from './control.js';
import { faultRoutes } from './fault.routes.js';
import { perform } from './perform.js';
import { refuseStrangers } from './refuse-strangers.js';

const YEAR_SECONDS = 366 * 24 * 3600;
const advanceSchema = z.object({ seconds: z.coerce.number().int().min(1).max(YEAR_SECONDS) });
const skewSchema = z.object({ seconds: z.coerce.number().int().min(-YEAR_SECONDS).max(YEAR_SECONDS) });

/** The sandbox by remote control: JSON for programs, forms for the buttons of its page. */
export async function controlRoutes(
  app: FastifyInstance,
  control: Control,
  applicationUrl: string,
): Promise<void> {
  app.addHook('preHandler', refuseStrangers);
  clockRoutes(app, control);
  revocationRoutes(app, control);
  logtoRoutes(app, control);
  facebookControlRoutes(app, control.dialects.facebook);
  wecomControlRoutes(app, control.dialects.wecom);
  faultRoutes(app, control);
  noticeRoutes(app, control, applicationUrl);

  app.get('/requests', () => control.requests.all());
  app.delete('/requests', (_request, reply) => {
    control.requests.clear();
    return reply.code(204).send();
  });
}

function clockRoutes(app: FastifyInstance, control: Control): void {
  app.get('/clock', () => control.time());
  app.post('/clock/advance', (request, reply) =>
    perform(request, reply, { schema: advanceSchema, action: ({ seconds }) => control.advance(seconds) }),
  );
  app.post('/clock/skew', (request, reply) =>
    perform(request, reply, { schema: skewSchema, action: ({ seconds }) => control.skewClocks(seconds) }),
  );
}

/** At the provider's own path, and at one for the form that names the provider. */
function revocationRoutes(app: FastifyInstance, control: Control): void {
  const schema = personaSchema.extend({ provider: z.enum(control.revocable) });
  app.post('/revoke', (request, reply) =>
    perform(request, reply, {
      schema,
      action: ({ provider, persona }) => control.revokeGrants(provider, persona),
    }),
  );
  for (const provider of control.revocable) {
    const action = ({ persona }: { persona: string }) => control.revokeGrants(provider, persona);
    app.post(`/${provider}/control/revoke`, (request, reply) =>
      perform(request, reply, { schema: personaSchema, action }),
    );
  }
}

/**
 * The answer of the application is for whoever looks at its log; a form goes on in any case. What GitHub says has happened
 * has: the application asks it.
 */
function noticeRoutes(app: FastifyInstance, control: Control, applicationUrl: string): void {
  const schema = personaSchema.extend({ notice: z.enum(noticeNames) });
  app.post('/notices', (request, reply) =>
    perform(request, reply, {
      schema,
      action: async ({ notice, persona }) => {
        if (notice === 'github/revoked') control.revokeGrants('github', persona);
        await sendNotice(control.dialects, applicationUrl, noticeNamed(notice, persona));
      },
    }),
  );
}

function logtoRoutes(app: FastifyInstance, { logto }: Control): void {
  app.post('/logto/control/end-sessions', (request, reply) =>
    perform(request, reply, { schema: personaSchema, action: ({ persona }) => logto.endSessions(persona) }),
  );
  app.post('/logto/control/suspend', (request, reply) =>
    perform(request, reply, { schema: personaSchema, action: ({ persona }) => logto.suspend(persona) }),
  );
  app.post('/logto/control/rotate-keys', async (_request, reply) => {
    await logto.rotateKeys();
    return reply.code(204).send();
  });
}
