import type { FastifyReply } from 'fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const BODY_LIMIT_BYTES = 64 * 1024;

/** Fastify as the backend runs on it. What Fastify refuses before Nest sees it is answered in our form. */
export const fastifyAdapter = (): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    frameworkErrors: (_error: unknown, _request: unknown, reply: FastifyReply) => {
      void reply.code(400).send({ code: 'request.400', message: 'The request is malformed.' });
    },
  });
