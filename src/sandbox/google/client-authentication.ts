import type { SandboxClient } from '../clients.js';
import { GoogleError } from './google.error.js';

interface Credentials {
  readonly id?: string;
  readonly secret?: string;
}

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

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both halves are form-encoded before base64. */
function basicCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = /^basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id, secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const fields = new URLSearchParams(`id=${id}&secret=${secret}`);
  return { id: fields.get('id') ?? undefined, secret: fields.get('secret') ?? undefined };
}
