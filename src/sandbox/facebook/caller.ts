import type { SandboxClient } from '../clients.js';
import type { Holder } from '../ledger.js';
import { type Persona, personaById } from '../personas.js';
import { appOfToken, appSecretProof } from './app-token.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { FacebookError, refusedProof } from './facebook.error.js';
import { liveToken } from './token-validity.js';

export interface Presented {
  readonly token?: string;
  readonly proof?: string;
}

export interface UserCaller extends Holder {
  readonly persona: Persona;
}

/** Whose token it is; throws unless it works and comes with the proof that the app demands. */
export function callingUser(facebook: FacebookDialect, { token: value, proof }: Presented): UserCaller {
  if (value === undefined) throw withoutToken();
  const { clientId, personaId } = liveToken(facebook, value);
  const client = facebook.clients.find((other) => other.clientId === clientId);
  const persona = personaById(personaId);
  if (client === undefined || persona === undefined) {
    throw new FacebookError({ code: 101, message: 'Error validating application.' });
  }
  checkProof(client, { token: value, proof });
  return { clientId, personaId, persona };
}

export const callingApp = (
  { clients }: FacebookDialect,
  { token = '' }: Presented,
): SandboxClient | undefined => appOfToken(clients, token);

/** A proof that is sent is checked, whether or not the app demands one. */
function checkProof(client: SandboxClient, { token = '', proof }: Presented): void {
  if (proof === undefined) {
    if (client.facebookApp?.requiresAppSecretProof === false) return;
    throw refusedProof('API calls from the server require an appsecret_proof argument');
  }
  if (proof !== appSecretProof(token, client)) {
    throw refusedProof('Invalid appsecret_proof provided in the API argument');
  }
}

const withoutToken = (): FacebookError =>
  new FacebookError({
    code: 2500,
    message: 'An active access token must be used to query information about the current user.',
  });
