import { z } from 'zod';
import type { Reading } from '../authorization/flow.js';
import type { SandboxClient } from '../clients.js';
import { isPermission, parsePermissions } from './permissions.js';

const dialogRequestSchema = z
  .object({
    client_id: z.string(),
    redirect_uri: z.string(),
    response_type: z.literal('code').default('code'),
    scope: z
      .string()
      .default('')
      .transform(parsePermissions)
      .refine((names) => names.every(isPermission), 'has a permission that does not exist'),
    state: z.string().optional(),
    auth_type: z.string().optional(),
    code_challenge: z
      .string()
      .regex(/^[\w-]{43}$/)
      .optional(),
    code_challenge_method: z.literal('S256').optional(),
  })
  .refine(
    (request) => (request.code_challenge === undefined) === (request.code_challenge_method === undefined),
    { path: ['code_challenge_method'], error: 'belongs with code_challenge, and S256 is the method here' },
  );

export type DialogRequest = z.infer<typeof dialogRequestSchema>;

export function readDialogRequest(query: string, clients: readonly SandboxClient[]): Reading<DialogRequest> {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const client = clients.find(({ clientId }) => clientId === parameters['client_id']);
  if (client === undefined) return refusal('Invalid App ID', 'The app ID does not look like a valid one.');
  if (!client.redirectUris.includes(parameters['redirect_uri'] ?? '')) {
    return refusal('URL Blocked', 'The redirect URI is not among the valid OAuth redirect URIs of this app.');
  }
  const parsed = dialogRequestSchema.safeParse(parameters);
  return parsed.success
    ? { request: parsed.data }
    : refusal('Invalid request', z.prettifyError(parsed.error));
}

const refusal = (error: string, explanation: string) => ({ refusal: { error, explanation } });
