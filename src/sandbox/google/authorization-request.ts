import { z } from 'zod';
import { callbackUrl } from '../authorization/callback.js';
import type { Reading } from '../authorization/flow.js';
import type { SandboxClient } from '../clients.js';
import { parseScope } from './scopes.js';

const words = z.string().transform((text) => text.split(' ').filter(Boolean));

const authorizationRequestSchema = z
  .object({
    client_id: z.string(),
    redirect_uri: z.string(),
    response_type: z.literal('code'),
    scope: z
      .string()
      .transform(parseScope)
      .refine((scopes) => scopes.length > 0, 'is empty'),
    state: z.string().optional(),
    nonce: z.string().optional(),
    access_type: z.enum(['online', 'offline']).default('online'),
    prompt: words.default([]),
    login_hint: z.string().optional(),
    hd: z.string().optional(),
    include_granted_scopes: z.enum(['true', 'false']).default('false'),
    code_challenge: z
      .string()
      .regex(/^[\w-]{43}$/)
      .optional(),
    code_challenge_method: z.literal('S256').optional(),
  })
  .refine(
    (request) => (request.code_challenge === undefined) === (request.code_challenge_method === undefined),
    {
      path: ['code_challenge_method'],
      error: 'belongs with code_challenge, and S256 is the method here',
    },
  );

export type AuthorizationRequest = z.infer<typeof authorizationRequestSchema>;

export function readAuthorizationRequest(
  query: string,
  clients: readonly SandboxClient[],
): Reading<AuthorizationRequest> {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const client = clients.find(({ clientId }) => clientId === parameters['client_id']);
  if (client === undefined) return refusal('invalid_client', 'The OAuth client was not found.');
  if (!client.redirectUris.includes(parameters['redirect_uri'] ?? '')) {
    const explanation = 'The redirect URI in the request is not among those registered for this client.';
    return refusal('redirect_uri_mismatch', explanation);
  }
  const parsed = authorizationRequestSchema.safeParse(parameters);
  if (!parsed.success) return refusal('invalid_request', z.prettifyError(parsed.error));
  const { data: request } = parsed;
  return request.prompt.includes('none')
    ? { redirectTo: refuse(request, 'interaction_required') }
    : { request };
}

export const refuse = (
  { redirect_uri: redirectUri, state }: AuthorizationRequest,
  error: 'access_denied' | 'interaction_required',
): string => callbackUrl(redirectUri, { error, state });

const refusal = (error: string, explanation: string) => ({ refusal: { error, explanation } });
