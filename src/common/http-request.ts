import type { Caller } from './request-of.js';

/** The part of an HTTP request that Fastify and Express share. */
export interface HttpRequest extends Required<Caller> {
  readonly url: string;
  readonly originalUrl?: string;
}
