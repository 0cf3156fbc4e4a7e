import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authorizationRoutes } from '../authorization/authorization.routes.js';
import { bearerToken } from '../basic-credentials.js';
import { formOf } from '../body.js';
import { personaById } from '../personas.js';
import { googleAuthorization } from './authorization.js';
import { googleClaims } from './claims.js';
import { authenticatedClient } from './client-authentication.js';
import { discoveryDocument } from './discovery.js';
import type { GoogleDialect } from './google.dialect.js';
import { GoogleError } from './google.error.js';
import { oneTapRoutes } from './one-tap.routes.js';
import { riscConfiguration } from './security-event.js';
import { grantTokens } from './token.js';

/** Google's endpoints. All hosts of the real one are paths here. */
export function googleRoutes(app: FastifyInstance, google: GoogleDialect): void {
  authorizationRoutes(app, googleAuthorization(google));
  oneTapRoutes(app, google);

  app.get('/google/.well-known/openid-configuration', () => discoveryDocument(google.issuer));

  app.get('/google/.well-known/risc-configuration', () => riscConfiguration(google));

  app.get('/google/oauth2/v3/certs', (_request, reply) => {
    const { kty, n, e, kid, alg } = google.key;
    return reply
      .header('cache-control', 'public, max-age=3600')
      .send({ keys: [{ kty, n, e, kid, alg, use: 'sig' }] });
  });

  app.route({
    method: 'POST',
    url: '/google/token',
    errorHandler: (error, request, reply) => void sendGoogleError(error, request, reply),
    handler: async (request, reply) => {
      const form = formOf(request.body);
      const client = authenticatedClient(google.clients, request.headers.authorization, form);
      return reply.header('cache-control', 'no-store').send(await grantTokens(google, client, form));
    },
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/google/v1/userinfo',
    handler: (request, reply) => userinfo(google, request, reply),
  });

  app.post('/google/revoke', (request, reply) => {
    const query = new URL(request.url, google.issuer).searchParams;
    const value = formOf(request.body)['token'] ?? query.get('token') ?? '';
    const token = google.ledger.findRefreshToken(value) ?? google.ledger.findAccessToken(value);
    if (token === undefined) {
      return reply.code(400).send({ error: 'invalid_token', error_description: 'Token expired or revoked' });
    }
    google.ledger.revokeGrant(token);
    return reply.send({});
  });
}

function userinfo(google: GoogleDialect, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const value = bearerToken(request.headers.authorization) ?? formOf(request.body)['access_token'];
  const token = google.ledger.findAccessToken(value ?? '');
  const persona = token && personaById(token.personaId);
  if (token === undefined || persona === undefined) {
    return reply
      .code(401)
      .header('www-authenticate', `Bearer realm="${google.issuer}", error="invalid_token"`)
      .send({ error: 'invalid_request', error_description: 'Invalid Credentials' });
  }
  return reply.send(googleClaims(persona, token.scopes));
}

function sendGoogleError(
  error: FastifyError | GoogleError,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!(error instanceof GoogleError)) throw error;
  return reply.code(error.status).header('cache-control', 'no-store').send(error.body);
}
