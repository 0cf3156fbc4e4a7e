import type { ClientMetadata } from 'oidc-provider';
import { applicationCredentials, type SandboxClient } from '../clients.js';

/** A client that people sign in to, in the words of OpenID Connect. */
export const registration = (client: SandboxClient): ClientMetadata => ({
  client_id: client.clientId,
  client_secret: client.clientSecret,
  redirect_uris: [...client.redirectUris],
  post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
  grant_types: ['authorization_code', 'refresh_token'],
  ...(client.backchannelLogoutUri !== undefined && {
    backchannel_logout_uri: client.backchannelLogoutUri,
    backchannel_logout_session_required: true,
  }),
});

/** A client that acts for itself. */
export const machineRegistration: ClientMetadata = {
  client_id: applicationCredentials.machine.clientId,
  client_secret: applicationCredentials.machine.clientSecret,
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
};
