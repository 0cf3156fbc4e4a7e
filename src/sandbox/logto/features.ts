import type { Client, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { html } from '../pages/html.js';
import { page, renderPage } from '../pages/page.js';
import { resourceServer } from './granting.js';

/** Which of its features Logto has oidc-provider use. */
export const logtoFeatures: Configuration['features'] = {
  devInteractions: { enabled: false },
  dPoP: { enabled: false },
  clientCredentials: { enabled: true },
  backchannelLogout: { enabled: true },
  introspection: { enabled: true, allowedPolicy: onlyItsOwn },
  revocation: { enabled: true, allowedPolicy: onlyItsOwn },
  resourceIndicators: {
    enabled: true,
    defaultResource: () => undefined,
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
};

function onlyItsOwn(
  _ctx: KoaContextWithOIDC,
  client: Client,
  token: { readonly clientId?: string | undefined },
): boolean {
  return client.clientId === token.clientId;
}

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
