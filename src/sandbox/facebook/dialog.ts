import { callbackUrl } from '../authorization/callback.js';
import type { AuthorizationFlow, Consent, Question } from '../authorization/flow.js';
import type { Holder } from '../ledger.js';
import type { Persona } from '../personas.js';
import { type DialogRequest, readDialogRequest } from './dialog-request.js';
import type { FacebookDialect } from './facebook.dialect.js';
import type { FacebookLedger } from './ledger.js';
import { BASIC_PERMISSION, describePermission } from './permissions.js';

export const facebookDialog = ({ clients, ledger }: FacebookDialect): AuthorizationFlow<DialogRequest> => ({
  provider: 'facebook',
  path: '/facebook/:version(^v\\d+\\.\\d+$)/dialog/oauth',
  read: (query) => readDialogRequest(query, clients),
  question: (request, persona) => question(request, openPermissions(ledger, request, persona)),
  isConsentDue: (request, persona) => openPermissions(ledger, request, persona).length > 0,
  allow: (request, consent) => allow(ledger, request, consent),
  cancel: refuse,
});

const question = (request: DialogRequest, permissions: readonly string[]): Question => ({
  clientId: request.client_id,
  redirectUri: request.redirect_uri,
  scopes: permissions.map((scope) => ({
    scope,
    description: describePermission(scope),
    optional: scope !== BASIC_PERMISSION,
  })),
});

/**
 * What the person is asked for: not what was granted before, and what was declined only on `auth_type=rerequest`.
 * https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
 */
function openPermissions(ledger: FacebookLedger, request: DialogRequest, persona?: Persona): string[] {
  const { granted = [], declined = [] } = (persona && ledger.consent(holderOf(request, persona))) ?? {};
  const isAskedAgain = request.auth_type === 'rerequest';
  return request.scope.filter(
    (name) => !granted.includes(name) && (isAskedAgain || !declined.includes(name)),
  );
}

function allow(ledger: FacebookLedger, request: DialogRequest, { persona, granted }: Consent): string {
  const holder = holderOf(request, persona);
  const before = ledger.consent(holder);
  const left = openPermissions(ledger, request, persona).filter((name) => !granted.includes(name));
  ledger.recordConsent(holder, {
    granted: [...(before?.granted ?? []), ...granted],
    declined: [...(before?.declined ?? []), ...left],
  });
  const { redirect_uri: redirectUri, code_challenge: codeChallenge } = request;
  return callback(request, { code: ledger.issueCode({ ...holder, redirectUri, codeChallenge }) });
}

/** `error_code` is a number in text, since a query has nothing else. */
const refuse = (request: DialogRequest): string =>
  callback(request, {
    error: 'access_denied',
    error_code: '200',
    error_description: 'Permissions error',
    error_reason: 'user_denied',
  });

/** The fragment keeps one that the browser had before from coming along to the callback. */
const callback = (
  { redirect_uri: redirectUri, state }: DialogRequest,
  parameters: Readonly<Record<string, string>>,
): string => `${callbackUrl(redirectUri, { ...parameters, state })}#_=_`;

const holderOf = (request: DialogRequest, persona: Persona): Holder => ({
  clientId: request.client_id,
  personaId: persona.id,
});
