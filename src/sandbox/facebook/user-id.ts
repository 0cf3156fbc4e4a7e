import { createHash } from 'node:crypto';
import { everyone, type Persona } from '../personas.js';
import type { FacebookDialect } from './facebook.dialect.js';

/** Ids are scoped to an app: the application's sees the persona's own, every other app another. */
export function userIdFor(facebook: FacebookDialect, clientId: string, persona: Persona): string {
  if (clientId === facebook.clients[0]?.clientId) return persona.facebookId;
  const hash = createHash('sha256').update(`${clientId} ${persona.facebookId}`).digest();
  return `1${hash.readBigUInt64BE().toString().padStart(20, '0').slice(-16)}`;
}

export const personaByUserId = (
  facebook: FacebookDialect,
  clientId: string,
  userId: string,
): Persona | undefined => everyone.find((persona) => userIdFor(facebook, clientId, persona) === userId);
