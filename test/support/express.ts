import { ExpressAdapter } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import { KEEP_ALIVE_MILLISECONDS } from '../../src/sandbox/listening.js';

/**
 * Express, which keeps an idle connection as long as Fastify does. With the five seconds of Node's own, a request of a test
 * that paused for just as long may meet the end of its connection.
 */
export class PatientExpress extends ExpressAdapter {
  override initHttpServer(...options: Parameters<ExpressAdapter['initHttpServer']>): void {
    super.initHttpServer(...options);
    (this.getHttpServer() as Server).keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  }
}
