import { randomUUID } from 'node:crypto';
import type { Client, Provider, Session } from 'oidc-provider';
import { HttpClient } from '../../common/http-client.js';
import { loopbackNames } from '../control/refuse-strangers.js';

const http = new HttpClient();

/**
 * Sends a logout token to every client of the session that has an address on loopback for it, once.
 * A client that cannot be reached, or refuses, holds nobody up.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest
 */
export async function tellClients(provider: Provider, session: Session): Promise<void> {
  const notices = Object.keys(session.authorizations ?? {}).map(async (clientId) => {
    const client = await provider.Client.find(clientId);
    const address = client?.backchannelLogoutUri;
    if (client === undefined || address === undefined || !isOnLoopback(address)) return;
    const body = new URLSearchParams({ logout_token: await logoutToken(provider, session, client) });
    await http.fetch(address, { method: 'POST', body });
  });
  await Promise.allSettled(notices);
}

/** As oidc-provider's own, whose sender refuses loopback. */
function logoutToken({ IdToken }: Provider, session: Session, client: Client): Promise<string> {
  const token = new IdToken({}, { client });
  token.set('sub', session.accountId);
  token.set('events', { 'http://schemas.openid.net/event/backchannel-logout': {} });
  token.set('jti', randomUUID());
  if (client.backchannelLogoutSessionRequired) token.set('sid', session.sidFor(client.clientId));
  return token.issue({ use: 'logout' });
}

const isOnLoopback = (address: string): boolean => loopbackNames.has(new URL(address).hostname);
