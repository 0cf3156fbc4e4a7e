import { z } from 'zod';
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

/** A request that is answered on a page, because nobody vouches for its redirect URI. */
export interface RefusedRequest {
  readonly error: string;
  readonly explanation: string;
}

/** Reads a query string. Client and redirect URI come first: without them, nobody can be told. */
export function readAuthorizationRequest(
  query: string,
  clients: readonly SandboxClient[],
): AuthorizationRequest | RefusedRequest {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const client = clients.find(({ clientId }) => clientId === parameters['client_id']);
  if (client === undefined)
    return { error: 'invalid_client', explanation: 'The OAuth client was not found.' };
  if (!client.redirectUris.includes(parameters['redirect_uri'] ?? '')) {
    const explanation = 'The redirect URI in the request is not among those registered for this client.';
    return { error: 'redirect_uri_mismatch', explanation };
  }
  const parsed = authorizationRequestSchema.safeParse(parameters);
  return parsed.success
    ? parsed.data
    : { error: 'invalid_request', explanation: z.prettifyError(parsed.error) };
}
