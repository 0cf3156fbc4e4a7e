import type { Configuration, errors, interactionPolicy, KoaContextWithOIDC } from 'oidc-provider';
import type { SandboxClient } from '../clients.js';
import { page, renderPage } from '../pages/page.js';
import { html } from '../pages/html.js';
import { personas } from '../personas.js';
import type { State } from '../state.js';
import { claimsByScope, logtoClaims } from './claims.js';
import { grantWhatIsAsked, resourceServer } from './granting.js';
import { interactionPath } from './interaction-path.js';
import { RecordsAdapter } from './records.js';

interface ConfigurationOptions {
  readonly clients: readonly SandboxClient[];
  readonly state: State;
  readonly policy: interactionPolicy.DefaultPolicy;
  readonly InvalidGrant: typeof errors.InvalidGrant;
}

const HOUR_SECONDS = 3600;
const FORTNIGHT_SECONDS = 14 * 24 * HOUR_SECONDS;

/** Every function whose default would print a notice is given here. */
export function logtoConfiguration({
  clients,
  state,
  policy,
  InvalidGrant,
}: ConfigurationOptions): Configuration {
  const { key, cookieKeys, records } = state.saved.logto;
  return {
    adapter: (model: string) => new RecordsAdapter({ model, records, changed: state.changed, InvalidGrant }),
    clients: clients.map(registration),
    clientDefaults: { id_token_signed_response_alg: 'ES384' },
    jwks: { keys: [key] },
    enabledJWA: { idTokenSigningAlgValues: ['ES384'], userinfoSigningAlgValues: ['ES384'] },
    claims: claimsByScope,
    scopes: ['openid', 'offline_access'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    responseTypes: ['code'],
    extraParams: ['first_screen', 'interaction_mode', 'direct_sign_in'],
    interactions: { policy, url: (_ctx, interaction) => interactionPath(interaction.params) },
    loadExistingGrant: grantWhatIsAsked,
    findAccount: (_ctx, subject) => {
      const persona = personas.find(({ logtoSubject }) => logtoSubject === subject);
      return persona && { accountId: subject, claims: (use) => logtoClaims(persona, use) };
    },
    clientBasedCORS: () => false,
    renderError: (ctx, out) => {
      ctx.body = out;
    },
    cookies: {
      names: {
        session: 'sandbox_logto_session',
        interaction: 'sandbox_logto_interaction',
        resume: 'sandbox_logto_resume',
      },
      // The sign-in page posts to another path than the one that it was opened at.
      short: { path: '/', httpOnly: true, sameSite: 'lax' },
      keys: cookieKeys,
    },
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      Grant: FORTNIGHT_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      RefreshToken: FORTNIGHT_SECONDS,
      Session: FORTNIGHT_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => [],
        getResourceServerInfo: resourceServer,
        useGrantedResource: () => false,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) => {
          ctx.body = '';
        },
        postLogoutSuccessSource: sayGoodbye,
      },
    },
  };
}

const registration = (client: SandboxClient) => ({
  client_id: client.clientId,
  client_secret: client.clientSecret,
  redirect_uris: [...client.redirectUris],
  post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
  grant_types: ['authorization_code', 'refresh_token'],
});

function sayGoodbye(ctx: KoaContextWithOIDC): void {
  const goodbye = page({
    title: 'Signed out',
    provider: 'logto',
    body: html`<p>The session at the sandbox’s Logto has ended. You can close this page.</p>`,
  });
  const { headers, body } = renderPage(goodbye);
  ctx.set(headers);
  ctx.body = body;
}
