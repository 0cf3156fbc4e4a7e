import type { KoaContextWithOIDC } from 'oidc-provider';
import { tellClients } from './logout-notices.js';

/**
 * Ends the session at once. Logto sends a form that a script submits; here no script is needed,
 * and what the form would do happens before the answer. Tokens end with their session, except where
 * `offline_access` was granted: a refresh token lives on until it is revoked, as at Logto.
 */
export async function endSessionAtOnce(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  if (ctx.oidc?.route !== 'end_session' || ctx.status !== 200) return;
  const { provider, session, params } = ctx.oidc;
  if (session === undefined) return;
  await tellClients(provider, session);
  await session.destroy();
  ctx.cookies.set(provider.cookieName('session'), null, { overwrite: true });
  ctx.status = 303;
  ctx.redirect(whereTo(ctx, params));
}

function whereTo(ctx: KoaContextWithOIDC, params: KoaContextWithOIDC['oidc']['params']): string {
  const registered = params?.['post_logout_redirect_uri'];
  if (typeof registered !== 'string') return ctx.oidc.urlFor('end_session_success');
  const target = new URL(registered);
  if (typeof params?.['state'] === 'string') target.searchParams.set('state', params['state']);
  return target.href;
}
