import { callbackUrl } from '../authorization/callback.js';
import type { AuthorizationFlow, Consent } from '../authorization/flow.js';
import type { Persona } from '../personas.js';
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request.js';
import type { GitHubDialect } from './github.dialect.js';
import type { GitHubLedger } from './ledger.js';
import { describeScope, normalized } from './scopes.js';

/** Nobody unticks a scope here: it is all or nothing. */
export const githubAuthorization = ({
  clients,
  ledger,
}: GitHubDialect): AuthorizationFlow<AuthorizationRequest> => ({
  provider: 'github',
  path: '/github/login/oauth/authorize',
  read: (query) => readAuthorizationRequest(query, clients),
  question: ({ client, redirectUri, scopes }) => ({
    clientId: client.clientId,
    redirectUri,
    scopes:
      client.githubApp === undefined && scopes.length > 0
        ? scopes.map((scope) => ({ scope, description: describeScope(scope) }))
        : [{ scope: 'public profile', description: 'Know who you are' }],
  }),
  isConsentDue: (request, persona) => isConsentDue(ledger, request, persona),
  allow: (request, consent) => allow(ledger, request, consent),
  cancel: ({ redirectUri, state }) =>
    callbackUrl(redirectUri, {
      error: 'access_denied',
      error_description: 'The user has denied your application access.',
      error_uri:
        'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors/#access-denied',
      state,
    }),
});

/** The first time, and for scopes that were not authorized yet. */
function isConsentDue(ledger: GitHubLedger, request: AuthorizationRequest, persona: Persona): boolean {
  const before = ledger.authorizedScopes(holderOf(request, persona));
  const { client, scopes } = request;
  return before === undefined || (client.githubApp === undefined && !covers(before, scopes));
}

function allow(ledger: GitHubLedger, request: AuthorizationRequest, { persona }: Consent): string {
  const { client, redirectUri, scopes: asked, state, codeChallenge } = request;
  const holder = holderOf(request, persona);
  const before = ledger.authorizedScopes(holder) ?? [];
  const isApp = client.githubApp !== undefined;
  ledger.recordGrant({ ...holder, scopes: isApp ? [] : normalized([...before, ...asked]) });
  const scopes = isApp ? [] : asked.length === 0 ? before : asked;
  return callbackUrl(redirectUri, {
    code: ledger.issueCode({ ...holder, scopes, redirectUri, codeChallenge }),
    state,
  });
}

const covers = (before: readonly string[], asked: readonly string[]): boolean =>
  normalized([...before, ...asked]).every((scope) => before.includes(scope));

const holderOf = ({ client }: AuthorizationRequest, persona: Persona) => ({
  clientId: client.clientId,
  personaId: persona.id,
});
