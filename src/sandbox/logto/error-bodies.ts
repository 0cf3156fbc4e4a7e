import type { KoaContextWithOIDC } from 'oidc-provider';

/** Adds what Logto adds to oidc-provider's error bodies: `code`, `message`, and sometimes `error_uri`. */
export async function addLogtoErrorCode(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  const { body } = ctx;
  if (!isErrorBody(body)) return;
  ctx.body = {
    code: `oidc.${body.error}`,
    message: messages[body.error] ?? `An OIDC error occurred: oidc.${body.error}.`,
    ...(body.error === 'invalid_grant' && { error_uri: 'https://openid.sh/debug/invalid_grant' }),
    ...body,
  };
}

/** The placeholder stays as it is: Logto does not fill it. */
const messages: Readonly<Record<string, string>> = {
  access_denied: 'Access denied.',
  insufficient_scope: 'Token missing scope `{{scope}}`.',
  invalid_grant: 'Grant request is invalid.',
  invalid_redirect_uri: "`redirect_uri` did not match any of the client's registered `redirect_uris`.",
  invalid_request: 'Request is invalid.',
  invalid_target: 'Invalid resource indicator.',
  invalid_token: 'Invalid token provided.',
};

const isErrorBody = (body: unknown): body is { readonly error: string } =>
  typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string';
