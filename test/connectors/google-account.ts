import { HttpClient } from '../../src/common/http-client.js';
import type { Authorization, AuthorizationRequest } from '../../src/connectors/connector.js';
import { GoogleConnector } from '../../src/connectors/providers/google.connector.js';
import type { HostileIssuer } from '../support/hostile-issuer.js';
import { instanceOf, REQUEST, StoppedClock } from '../support/round-trip.js';

export const ADA = {
  sub: '110169484474386276334',
  name: 'Ada Lovelace',
  picture: 'https://pictures.example/ada',
  email: 'ada@gmail.com',
  email_verified: true,
};

export const connector = new GoogleConnector(new HttpClient(), new StoppedClock());

export type GoogleInstance = ReturnType<typeof googleAt>;

export function googleAt(
  { google }: HostileIssuer,
  config: Readonly<Record<string, unknown>> = {},
  enableTokenStorage = false,
) {
  const { clientId, clientSecret, issuer } = google;
  return instanceOf(connector, { clientId, clientSecret, issuer, ...config }, enableTokenStorage);
}

/** The parameters of the address that a person is sent to. */
export async function authorizationQuery(
  instance: GoogleInstance,
  request: Partial<AuthorizationRequest> = {},
): Promise<Record<string, string>> {
  const url = await connector.authorizationUrl(instance, { ...REQUEST, ...request });
  return Object.fromEntries(url.searchParams);
}

/** The whole round trip of a person who agrees to everything. */
export async function signIn(instance: GoogleInstance): Promise<Authorization> {
  const url = await connector.authorizationUrl(instance, REQUEST);
  const { headers } = await fetch(url, { redirect: 'manual' });
  const parameters = new URL(headers.get('location') ?? '').searchParams;
  return connector.exchange(instance, { ...REQUEST, parameters });
}
