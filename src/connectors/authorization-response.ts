import type { ServerMetadata } from 'openid-client';
import { LatchkeyError, type ErrorCode } from '../common/errors.js';
import { callbackAnswer } from './upstream-error.js';

/** RFC 9207 2.4: the callback comes from the issuer that was asked, and says so wherever the issuer promises to. */
export function assertIssuer(parameters: URLSearchParams, metadata: ServerMetadata): void {
  const issuers = parameters.getAll('iss');
  const promised = metadata.authorization_response_iss_parameter_supported === true;
  const matches = issuers.length === 0 ? !promised : issuers.length === 1 && issuers[0] === metadata.issuer;
  if (!matches)
    throw new LatchkeyError(
      'auth.iss_mismatch',
      'The answer does not come from the provider that was asked.',
    );
}

/** Errors of an authorization response (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6) by what the person can do. */
const ERRORS = new Map<string, [ErrorCode, string]>(
  Object.entries({
    access_denied: ['auth.access_denied', 'The sign-in was cancelled.'],
    consent_required: ['auth.access_denied', 'The provider needs your consent.'],
    login_required: ['auth.access_denied', 'The provider needs you to sign in there.'],
    interaction_required: ['auth.access_denied', 'The provider needs you to sign in there.'],
    account_selection_required: ['auth.access_denied', 'The provider needs you to choose an account.'],
    server_error: ['connector.provider_unavailable', 'The provider has a problem.'],
    temporarily_unavailable: ['connector.provider_unavailable', 'The provider is busy.'],
    unauthorized_client: ['connector.misconfigured', 'The provider refuses this application.'],
    invalid_request: ['connector.misconfigured', 'The provider refuses the request of this application.'],
    redirect_uri_mismatch: ['connector.misconfigured', 'The provider does not know our address.'],
    application_suspended: ['connector.misconfigured', 'The provider refuses this application.'],
    invalid_scope: ['connector.misconfigured', 'The provider refuses the scope of this application.'],
    invalid_target: [
      'connector.misconfigured',
      'The provider does not know an API that this application asks for.',
    ],
    unsupported_response_type: [
      'connector.misconfigured',
      'The provider refuses the request of this application.',
    ],
  }),
);

/** The callback carries exactly one code and no error. What the provider wrote is never repeated to the browser. */
export function assertGranted(parameters: URLSearchParams): void {
  const error = parameters.get('error');
  if (error !== null) {
    const [code, message] = ERRORS.get(error) ?? [
      'auth.callback_invalid',
      'The provider refused the sign-in.',
    ];
    throw new LatchkeyError(code, message, { upstream: callbackAnswer(parameters) });
  }
  if (parameters.getAll('code').length !== 1 || !parameters.get('code')) {
    throw new LatchkeyError('auth.callback_invalid', 'The answer of the provider carries no code.');
  }
}
