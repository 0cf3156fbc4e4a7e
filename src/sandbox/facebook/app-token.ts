import { createHmac } from 'node:crypto';
import type { SandboxClient } from '../clients.js';

/** What `client_credentials` brings: it never expires, and is the same each time. */
export const appTokenOf = ({ clientId, clientSecret }: SandboxClient): string =>
  `${clientId}|${createHmac('sha256', clientSecret).update('app access token').digest('base64url')}`;

/** An app is known by that token, and by its id and secret alike. */
export const appOfToken = (clients: readonly SandboxClient[], token: string): SandboxClient | undefined =>
  clients.find(
    (client) => token === appTokenOf(client) || token === `${client.clientId}|${client.clientSecret}`,
  );

/** https://developers.facebook.com/docs/graph-api/guides/secure-requests */
export const appSecretProof = (token: string, { clientSecret }: SandboxClient): string =>
  createHmac('sha256', clientSecret).update(token).digest('hex');
