import { basicCredentials } from '../basic-credentials.js';
import type { SandboxClient } from '../clients.js';
import { GoogleError } from './google.error.js';

/** By HTTP Basic or by `client_id` and `client_secret` in the form. */
export function authenticatedClient(
  clients: readonly SandboxClient[],
  authorization: string | undefined,
  form: Readonly<Record<string, string>>,
): SandboxClient {
  const { id, secret } = basicCredentials(authorization) ?? {
    id: form['client_id'],
    secret: form['client_secret'],
  };
  const client = clients.find(({ clientId }) => clientId === id);
  if (client === undefined) throw new GoogleError(401, 'invalid_client', 'The OAuth client was not found.');
  if (client.clientSecret !== secret) throw new GoogleError(401, 'invalid_client', 'Unauthorized');
  return client;
}
