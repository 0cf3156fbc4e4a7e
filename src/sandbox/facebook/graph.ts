import { randomBytes } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { formOf } from '../body.js';
import type { Presented } from './caller.js';
import { FacebookError } from './facebook.error.js';

/** Every version of the Graph API is there, and none behaves differently. */
export const graph = '/facebook/graph/:version(^v\\d+\\.\\d+$)';

/** The Graph API does not care whether a parameter comes in the query or in a form. */
export const parametersOf = (request: FastifyRequest): Readonly<Record<string, string>> => ({
  ...formOf(request.url.split('?').slice(1).join('?')),
  ...formOf(request.body),
});

/** A token comes as Bearer or as a parameter, the proof of the app's secret as a parameter only. */
export function presented(request: FastifyRequest): Presented {
  const { access_token: parameter, appsecret_proof: proof } = parametersOf(request);
  const header = /^(?:bearer|oauth) (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return { token: header ?? parameter, proof };
}

export function sendFacebookError(
  error: FastifyError | FacebookError,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!(error instanceof FacebookError)) throw error;
  const { message, type = 'OAuthException', code, subcode } = error.details;
  return reply
    .code(400)
    .header('www-authenticate', error.challenge)
    .header('cache-control', 'no-store')
    .send({ error: { message, type, code, error_subcode: subcode, fbtrace_id: traceId() } });
}

const traceId = (): string => `A${randomBytes(16).toString('base64url')}`;
