import type { HttpRequest } from '../../common/http-request.js';

/** The query exactly as it was sent: Fastify and Express parse repeated and nested keys differently. */
export function queryOf({ originalUrl, url }: HttpRequest): URLSearchParams {
  const [, query = ''] = (originalUrl ?? url).split(/\?(.*)/s);
  return new URLSearchParams(query);
}
