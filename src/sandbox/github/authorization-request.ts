import { z } from 'zod';
import { callbackUrl } from '../authorization/callback.js';
import type { Reading } from '../authorization/flow.js';
import type { SandboxClient } from '../clients.js';
import { parseScope } from './scopes.js';

const parametersSchema = z.object({
  redirect_uri: z.string().optional(),
  scope: z.string().default('').transform(parseScope),
  state: z.string().optional(),
  code_challenge: z
    .string()
    .regex(/^[\w-]{43}$/)
    .optional(),
  code_challenge_method: z.literal('S256').optional(),
});

/** The redirect URI is the one that was asked for, or else the registered one. */
export interface AuthorizationRequest {
  readonly client: SandboxClient;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state?: string;
  readonly codeChallenge?: string;
}

export function readAuthorizationRequest(
  query: string,
  clients: readonly SandboxClient[],
): Reading<AuthorizationRequest> {
  const given: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const client = clients.find(({ clientId }) => clientId === given['client_id']);
  if (client === undefined) return refusal('not_found', 'No application has this client_id.');
  const redirectUri = given['redirect_uri'] ?? client.redirectUris[0] ?? '';
  if (!mayRedirectTo(client, redirectUri)) {
    return refusal('redirect_uri_mismatch', 'The redirect_uri is not associated with this application.');
  }
  const parsed = parametersSchema.safeParse(given);
  if (!parsed.success || isHalfPkce(parsed.data)) {
    const description = 'The code_challenge_method must be S256.';
    return {
      redirectTo: callbackUrl(redirectUri, {
        error: 'invalid_request',
        error_description: description,
        state: given['state'],
      }),
    };
  }
  const { scope: scopes, state, code_challenge: codeChallenge } = parsed.data;
  return { request: { client, redirectUri, scopes, state, codeChallenge } };
}

/**
 * An OAuth App may be called back at its URL and below, a GitHub App at one of its URLs:
 * https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#redirect-urls
 */
export function mayRedirectTo({ redirectUris, githubApp }: SandboxClient, redirectUri: string): boolean {
  if (redirectUris.includes(redirectUri)) return true;
  if (githubApp !== undefined || !URL.canParse(redirectUri)) return false;
  const { origin, pathname } = new URL(redirectUri);
  return redirectUris.some((registered) => {
    const base = new URL(registered);
    return origin === base.origin && `${pathname}/`.startsWith(`${base.pathname.replace(/\/$/, '')}/`);
  });
}

const isHalfPkce = (given: z.infer<typeof parametersSchema>): boolean =>
  (given.code_challenge === undefined) !== (given.code_challenge_method === undefined);

const refusal = (error: string, explanation: string) => ({ refusal: { error, explanation } });
