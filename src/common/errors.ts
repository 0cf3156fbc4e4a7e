/**
 * Every failure that a caller can meet, by its stable code. Switch on `code`; the message is for people
 * and may change. Codes that Logto has carry Logto's name.
 */
export type ErrorCode =
  /** Nobody is signed in, or the session has ended. */
  | 'auth.unauthorized'
  /** Not allowed: a form without proof that it is ours, or a caller without the scope, role or organisation. */
  | 'auth.forbidden'
  /** The route needs an access token, and none came. */
  | 'auth.authorization_header_missing'
  /** The `Authorization` header holds something else than a bearer token. */
  | 'auth.authorization_token_type_not_supported'
  /** The access token is malformed, expired, not of our issuer or not for us. */
  | 'auth.access_token_invalid'
  /** A back-channel logout token that is not one, or has been used. */
  | 'auth.logout_token_invalid'
  /** Organisation tokens need the scope `urn:logto:scope:organizations` at sign-in. */
  | 'auth.missing_scope_organizations'
  /** Access tokens are asked for the APIs of `logto.resources` alone. */
  | 'auth.missing_resource'
  /** The user is suspended here. */
  | 'user.suspended'
  /** No such session, or it is somebody else's. */
  | 'session.not_found'
  /** The sign-in was not started in this browser, is used already, or belongs to another connector. */
  | 'auth.state_invalid'
  | 'auth.transaction_expired'
  /** The callback names another issuer than the one that was asked (RFC 9207). */
  | 'auth.iss_mismatch'
  | 'auth.id_token_invalid'
  /** The UserInfo answer speaks of another subject than the ID token. */
  | 'auth.userinfo_mismatch'
  /** The person cancelled, or the provider refused. */
  | 'auth.access_denied'
  /** The callback carries neither a code nor an error, or the provider reports one that we cannot name. */
  | 'auth.callback_invalid'
  | 'auth.return_to_invalid'
  /** A parameter has a value that we or Logto do not know. */
  | 'auth.parameter_invalid'
  /** The account at the provider is not the one that had to be linked or renewed. */
  | 'auth.link_refused'
  /** The authorization code is spent, expired or unknown to the provider. */
  | 'connector.social_auth_code_invalid'
  /** The provider no longer takes the access token. */
  | 'connector.social_invalid_access_token'
  | 'connector.not_found'
  /** The connector is configured, but switched off. */
  | 'connector.disabled'
  /** The provider refuses our client, or its metadata does not match the configuration. */
  | 'connector.misconfigured'
  /** The provider answered with something that is not an answer. */
  | 'connector.invalid_response'
  | 'connector.provider_unavailable'
  | 'connector.provider_timeout'
  | 'connector.rate_limited'
  /** The provider says that the grant is gone: only the person can bring it back. */
  | 'connector.grant_invalid'
  | 'user.identity_already_in_use'
  | 'user.identity_not_exist'
  | 'secrets.third_party_token_set.token_not_found'
  /** The stored token set can no longer be renewed: send the person to `data.authorization_url`. */
  | 'reauthorization_required'
  /** A stored secret does not decrypt: altered, moved, or sealed under another key of the same id. */
  | 'vault.integrity_error'
  /** A stored secret was sealed under a key that this instance does not hold. */
  | 'vault.key_unavailable'
  /** Two writers met; the later one has to look again. */
  | 'vault.conflict';

export interface ErrorDetails {
  /** Public facts, sent to the caller as they are: never a token, never a provider's raw text. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** When it makes sense to ask again. */
  readonly retryAfterSeconds?: number;
  /** The `WWW-Authenticate` of the answer (RFC 6750 section 3): how to come back with better credentials. */
  readonly challenge?: string;
  /** What lies underneath: for logs, never sent. */
  readonly cause?: unknown;
}

/** The one error class of Latchkey. Statuses are given by the error filter alone. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError';
  readonly data?: ErrorDetails['data'];
  readonly retryAfterSeconds?: number;
  readonly challenge?: string;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { data, retryAfterSeconds, challenge, cause }: ErrorDetails = {},
  ) {
    super(message, { cause });
    this.data = data;
    this.retryAfterSeconds = retryAfterSeconds;
    this.challenge = challenge;
  }
}

/** By name, so that callers can switch on an error thrown by another copy of the package too. */
export const isLatchkeyError = (error: unknown): error is LatchkeyError =>
  error instanceof Error && error.name === 'LatchkeyError' && 'code' in error;
