import type { Persona } from '../personas.js';
import type { AuthorizationRequest } from './authorization-request.js';
import type { GoogleLedger, Holder } from './ledger.js';

/** Consent is asked for the first time, for new scopes, and when the client insists. */
export function isConsentDue(ledger: GoogleLedger, request: AuthorizationRequest, persona: Persona): boolean {
  const consented = ledger.consentedScopes(holderOf(request, persona));
  if (consented === undefined || request.prompt.includes('consent')) return true;
  return !request.scope.every((scope) => consented.includes(scope));
}

/** The callback of a request that was allowed: now, or earlier and for good. */
export function allow(ledger: GoogleLedger, request: AuthorizationRequest, persona: Persona): string {
  const holder = holderOf(request, persona);
  const before = ledger.consentedScopes(holder);
  const asked = isConsentDue(ledger, request, persona);
  const union = [...new Set([...request.scope, ...(before ?? [])])];
  if (asked) ledger.recordConsent({ ...holder, scopes: union });
  const scopes = request.include_granted_scopes === 'true' ? union : request.scope;
  const code = ledger.issueCode({
    ...holder,
    scopes,
    redirectUri: request.redirect_uri,
    nonce: request.nonce,
    codeChallenge: request.code_challenge,
    withRefreshToken: isRefreshTokenDue(request, before === undefined),
  });
  return callback(request, {
    code,
    scope: scopes.join(' '),
    authuser: '0',
    prompt: asked ? 'consent' : 'none',
  });
}

export const refuse = (
  request: AuthorizationRequest,
  error: 'access_denied' | 'interaction_required',
): string => callback(request, { error });

/** Only offline access has one, and only the first consent or one that the client insisted on brings it. */
const isRefreshTokenDue = (request: AuthorizationRequest, isFirstConsent: boolean): boolean =>
  request.access_type === 'offline' && (isFirstConsent || request.prompt.includes('consent'));

const holderOf = (request: AuthorizationRequest, persona: Persona): Holder => ({
  clientId: request.client_id,
  personaId: persona.id,
});

function callback(request: AuthorizationRequest, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(request.redirect_uri);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  if (request.state !== undefined) target.searchParams.set('state', request.state);
  return target.href;
}
