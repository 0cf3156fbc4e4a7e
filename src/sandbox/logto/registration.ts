import type { ClientMetadata } from 'oidc-provider';
import { applicationCredentials, type SandboxClient } from '../clients.js';

/** In the words of OpenID Connect. A client to which nobody can be sent back acts for itself. */
export const registration = (client: SandboxClient): ClientMetadata =>
  client.redirectUris.length === 0 ? machine(client) : relyingParty(client);

/** The application's own client that acts for itself. */
export const machineRegistration: ClientMetadata = machine(applicationCredentials.machine);

function relyingParty(client: SandboxClient): ClientMetadata {
  return {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
    grant_types: ['authorization_code', 'refresh_token'],
    ...(client.backchannelLogoutUri !== undefined && {
      backchannel_logout_uri: client.backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  };
}

function machine({
  clientId,
  clientSecret,
}: Pick<SandboxClient, 'clientId' | 'clientSecret'>): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  };
}
