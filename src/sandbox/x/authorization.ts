import { z } from 'zod';
import { callbackUrl } from '../authorization/callback.js';
import type { AuthorizationFlow, Consent, Reading } from '../authorization/flow.js';
import type { SandboxClient } from '../clients.js';
import type { XLedger } from './ledger.js';
import { describeScope, isOptionalScope, parseScope } from './scopes.js';
import type { XDialect } from './x.dialect.js';

const requestSchema = z.object({
  client_id: z.string(),
  redirect_uri: z.string(),
  response_type: z.literal('code'),
  scope: z
    .string()
    .transform(parseScope)
    .refine((scopes) => scopes.length > 0, 'is empty'),
  state: z.string().min(1).max(500),
  code_challenge: z.string().regex(/^[\w.~-]{43,128}$/),
  code_challenge_method: z.enum(['S256', 'plain']).default('plain'),
});

type AuthorizationRequest = z.infer<typeof requestSchema>;

/** X asks at every sign-in. Whatever is wrong with a request, it says so on a page. */
export const xAuthorization = ({ clients, ledger }: XDialect): AuthorizationFlow<AuthorizationRequest> => ({
  provider: 'x',
  path: '/x/i/oauth2/authorize',
  read: (query) => readAuthorizationRequest(query, clients),
  question: (request) => ({
    clientId: request.client_id,
    redirectUri: request.redirect_uri,
    scopes: request.scope.map((scope) => ({
      scope,
      description: describeScope(scope),
      optional: isOptionalScope(scope),
    })),
  }),
  isConsentDue: () => true,
  allow: (request, consent) => allow(ledger, request, consent),
  cancel: ({ redirect_uri: redirectUri, state }) =>
    callbackUrl(redirectUri, { error: 'access_denied', state }),
});

function readAuthorizationRequest(
  query: string,
  clients: readonly SandboxClient[],
): Reading<AuthorizationRequest> {
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  const client = clients.find(({ clientId }) => clientId === parameters['client_id']);
  if (client === undefined) return refusal('Value passed for the client id was invalid.');
  if (!client.redirectUris.includes(parameters['redirect_uri'] ?? ''))
    return refusal('Value passed for the redirect uri was invalid.');
  const parsed = requestSchema.safeParse(parameters);
  return parsed.success ? { request: parsed.data } : refusal(z.prettifyError(parsed.error));
}

const refusal = (explanation: string) => ({
  refusal: {
    error: 'invalid_request',
    explanation: `You weren’t able to give access to the App. ${explanation}`,
  },
});

function allow(ledger: XLedger, request: AuthorizationRequest, { persona, granted }: Consent): string {
  const { redirect_uri: redirectUri, state } = request;
  if (granted.length === 0) return callbackUrl(redirectUri, { error: 'access_denied', state });
  const code = ledger.issueCode({
    clientId: request.client_id,
    personaId: persona.id,
    scopes: granted,
    redirectUri,
    codeChallenge: request.code_challenge,
    codeChallengeMethod: request.code_challenge_method,
  });
  return callbackUrl(redirectUri, { state, code });
}
