import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { perform } from '../control/perform.js';
import type { WecomDialect } from './wecom.dialect.js';

const trustSchema = z.object({ trusted: z.union([z.boolean(), z.stringbool()]) });
const quotaSchema = z.object({ perMinute: z.coerce.number().int().min(0) });

/** What goes wrong between an application and WeCom, by remote control. */
export function wecomControlRoutes(app: FastifyInstance, { ledger, address, quota }: WecomDialect): void {
  app.post('/wecom/control/expire-app-tokens', (_request, reply) => {
    ledger.dropAppTokens();
    return reply.code(204).send();
  });
  app.post('/wecom/control/trust-address', (request, reply) =>
    perform(request, reply, { schema: trustSchema, action: ({ trusted }) => address.set(trusted) }),
  );
  app.post('/wecom/control/limit-token-requests', (request, reply) =>
    perform(request, reply, { schema: quotaSchema, action: ({ perMinute }) => quota.allow(perMinute) }),
  );
}
