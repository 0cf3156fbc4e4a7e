import { callbackUrl } from '../authorization/callback.js';
import type { AuthorizationFlow, Consent, Question } from '../authorization/flow.js';
import type { Holder } from '../ledger.js';
import { everyone, type Persona } from '../personas.js';
import { type AuthorizationRequest, readAuthorizationRequest, refuse } from './authorization-request.js';
import type { GoogleDialect } from './google.dialect.js';
import type { GoogleLedger } from './ledger.js';
import { describeScope, isOptionalScope, shortScope } from './scopes.js';

export const googleAuthorization = ({
  clients,
  ledger,
}: GoogleDialect): AuthorizationFlow<AuthorizationRequest> => ({
  provider: 'google',
  path: '/google/o/oauth2/v2/auth',
  read: (query) => readAuthorizationRequest(query, clients),
  question,
  isConsentDue: (request, persona) => isConsentDue(ledger, request, persona),
  allow: (request, consent) => allow(ledger, request, consent),
  cancel: (request) => refuse(request, 'access_denied'),
});

const question = (request: AuthorizationRequest): Question => ({
  clientId: request.client_id,
  redirectUri: request.redirect_uri,
  scopes: request.scope.map((scope) => ({
    scope,
    description: describeScope(scope),
    label: shortScope(scope),
    optional: isOptionalScope(scope),
  })),
  remarks:
    request.access_type === 'offline'
      ? [{ scope: 'access_type=offline', description: 'Do so while you are away' }]
      : [],
  hinted: request.prompt.includes('select_account') ? undefined : hintedPersona(request),
  isSuggested: (persona) => belongsTo(request.hd, persona),
});

/** An e-mail address or a subject: https://developers.google.com/identity/openid-connect/openid-connect#login-hint */
const hintedPersona = ({ login_hint: hint }: AuthorizationRequest): Persona | undefined =>
  everyone.find(
    ({ email, googleSubject }) => hint !== undefined && (email === hint || googleSubject === hint),
  );

/** `hd` helps to choose and guarantees nothing: whoever asks for it has to look at the claim. */
const belongsTo = (domain: string | undefined, { hostedDomain }: Persona): boolean =>
  domain === undefined || (domain === '*' ? hostedDomain !== undefined : hostedDomain === domain);

/** Consent is asked for the first time, for new scopes, and when the client insists. */
function isConsentDue(ledger: GoogleLedger, request: AuthorizationRequest, persona: Persona): boolean {
  const consented = ledger.consentedScopes(holderOf(request, persona));
  if (consented === undefined || request.prompt.includes('consent')) return true;
  return !request.scope.every((scope) => consented.includes(scope));
}

function allow(ledger: GoogleLedger, request: AuthorizationRequest, { persona, granted }: Consent): string {
  if (granted.length === 0) return refuse(request, 'access_denied');
  const holder = holderOf(request, persona);
  const before = ledger.consentedScopes(holder);
  const asked = isConsentDue(ledger, request, persona);
  const union = [...new Set([...granted, ...(before ?? [])])];
  if (asked) ledger.recordConsent({ ...holder, scopes: union });
  const scopes = request.include_granted_scopes === 'true' ? union : [...granted];
  const code = ledger.issueCode({
    ...holder,
    scopes,
    redirectUri: request.redirect_uri,
    nonce: request.nonce,
    codeChallenge: request.code_challenge,
    withRefreshToken: isRefreshTokenDue(request, before === undefined),
  });
  const prompt = asked ? 'consent' : 'none';
  const { redirect_uri: redirectUri, state } = request;
  return callbackUrl(redirectUri, { code, scope: scopes.join(' '), authuser: '0', prompt, state });
}

/** Only offline access has one, and only the first consent or one that the client insisted on brings it. */
const isRefreshTokenDue = (request: AuthorizationRequest, isFirstConsent: boolean): boolean =>
  request.access_type === 'offline' && (isFirstConsent || request.prompt.includes('consent'));

const holderOf = (request: AuthorizationRequest, persona: Persona): Holder => ({
  clientId: request.client_id,
  personaId: persona.id,
});
