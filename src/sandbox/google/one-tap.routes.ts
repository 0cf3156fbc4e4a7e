import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formOf } from '../body.js';
import { everyone, type Persona, personaById } from '../personas.js';
import type { GoogleDialect } from './google.dialect.js';
import { oneTapCredential } from './one-tap.js';
import { oneTapScript } from './one-tap.script.js';

/** What a page of the application loads and asks, from its own origin. */
export function oneTapRoutes(app: FastifyInstance, google: GoogleDialect): void {
  app.get('/google/gsi/client', (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('cross-origin-resource-policy', 'cross-origin')
      .header('cache-control', 'no-store')
      .send(oneTapScript),
  );

  app.get('/google/gsi/accounts', (request, reply) => {
    const clientId = new URL(request.url, google.issuer).searchParams.get('client_id') ?? '';
    if (!allowOrigin(google, clientId, { request, reply })) return refuse(reply);
    return reply.send(everyone.filter(hasAccount).map(accountOf));
  });

  app.post('/google/gsi/credential', async (request, reply) => {
    const { client_id: clientId = '', persona: personaId = '', nonce } = formOf(request.body);
    if (!allowOrigin(google, clientId, { request, reply })) return refuse(reply);
    const persona = personaById(personaId);
    if (persona === undefined || !hasAccount(persona)) return refuse(reply);
    if (persona.behaviour === 'cancels') return reply.code(204).send();
    return reply.send({ credential: await oneTapCredential(google, { personaId, clientId, nonce }) });
  });
}

/** The origins of a client are those where it is called back; no other may read what is answered. */
function allowOrigin(
  { clients }: GoogleDialect,
  clientId: string,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): boolean {
  const { origin } = request.headers;
  const client = clients.find((known) => known.clientId === clientId);
  const isAllowed = client?.redirectUris.some((uri) => new URL(uri).origin === origin) === true;
  if (isAllowed && origin !== undefined)
    void reply.headers({
      'access-control-allow-origin': origin,
      vary: 'origin',
      'cache-control': 'no-store',
    });
  return isAllowed;
}

const refuse = (reply: FastifyReply): FastifyReply =>
  reply.code(403).send({ error: 'The given origin is not allowed for the given client ID.' });

const hasAccount = ({ email }: Persona): boolean => email !== undefined;

const accountOf = ({ id, name, email, emailVerified = false }: Persona) => ({
  id,
  name,
  email,
  emailVerified,
});
