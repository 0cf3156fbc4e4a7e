import type { FastifyError, FastifyReply } from 'fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const BODY_LIMIT_BYTES = 64 * 1024;

/** Fastify as the backend runs on it. What Fastify refuses before Nest sees it is answered in our form. */
export const fastifyAdapter = (): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    frameworkErrors: ({ statusCode: status = 400 }: FastifyError, _request: unknown, reply: FastifyReply) => {
      const body = { code: `request.${status}`, message: 'The request is malformed.' };
      void reply.code(status).header('Cache-Control', 'no-store').send(body);
    },
  });
