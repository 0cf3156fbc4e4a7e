import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Holder } from '../ledger.js';
import { callingApp, callingUser } from './caller.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { malformed } from './facebook.error.js';
import { graph, presented } from './graph.js';
import { personaByUserId, userIdFor } from './user-id.js';

type Parameters = Readonly<Record<string, string>>;

/** What a person granted and declined, and how it is taken back. */
export function permissionsRoutes(app: FastifyInstance, facebook: FacebookDialect): void {
  app.get(`${graph}/:user/permissions`, (request) => {
    const { granted = [], declined = [] } = facebook.ledger.consent(meantHolder(facebook, request)) ?? {};
    return {
      data: [
        ...granted.map((permission) => ({ permission, status: 'granted' })),
        ...declined.map((permission) => ({ permission, status: 'declined' })),
      ],
    };
  });

  app.delete(`${graph}/:user/permissions`, (request) => {
    facebook.ledger.removeApp(meantHolder(facebook, request));
    return { success: true };
  });

  app.delete(`${graph}/:user/permissions/:permission`, (request) => {
    const { permission = '' } = request.params as Parameters;
    facebook.ledger.withdrawPermission(meantHolder(facebook, request), permission);
    return { success: true };
  });
}

/** A user's token reaches that user alone, an app's token every user of the app. */
function meantHolder(facebook: FacebookDialect, request: FastifyRequest): Holder {
  const { user: userId = '' } = request.params as Parameters;
  const app = callingApp(facebook, presented(request));
  if (app !== undefined) {
    const persona = personaByUserId(facebook, app.clientId, userId);
    if (persona === undefined) throw unreachable(userId);
    return { clientId: app.clientId, personaId: persona.id };
  }
  const { clientId, personaId, persona } = callingUser(facebook, presented(request));
  if (userId !== 'me' && userId !== userIdFor(facebook, clientId, persona)) throw unreachable(userId);
  return { clientId, personaId };
}

const unreachable = (userId: string) =>
  malformed(
    `Unsupported request. Object with ID '${userId}' does not exist or cannot be loaded due to missing permissions`,
  );
