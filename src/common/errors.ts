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
  /** A body, query or parameter is not of the form that is expected; `data.issues` say where. */
  | 'guard.invalid_input'
  | 'entity.not_found'
  /** There is one with this id. */
  | 'entity.unique_integrity_violation'
  /** No such session, or it is somebody else's. */
  | 'session.not_found'
  /** A credential of Google One Tap came without the proof that our page has sent it. */
  | 'session.csrf_token_mismatch'
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
  /** No connector of such a kind is registered. */
  | 'connector.not_found_with_connector_id'
  /** A standard connector is of no provider in particular: each instance names its own. */
  | 'connector.should_specify_target'
  /** Accounts are known by the target, so it stays. */
  | 'connector.can_not_modify_target'
  /** A configuration is not of the connector's form; `data.issues` say where. */
  | 'connector.invalid_config'
  /** The provider grants no token that could be kept. */
  | 'connector.token_storage_not_supported'
  /** A configuration that leads to another address needs its secrets, `data.fields`, once more. */
  | 'connector.secret_required'
  /** The instance stands in code or environment, and is changed there. */
  | 'connector.read_only'
  /** Somebody else has changed it since the version that `If-Match` names. */
  | 'connector.version_mismatch'
  /** A configured or discovered address leads into a private network, or is not one of a web server. */
  | 'connector.address_forbidden'
  /** The provider answered with something that is not an answer. */
  | 'connector.invalid_response'
  | 'connector.provider_unavailable'
  | 'connector.provider_timeout'
  | 'connector.rate_limited'
  /** The provider says that the grant is gone: only the person can bring it back. */
  | 'connector.grant_invalid'
  /** A connector hears nothing from its provider at this address, or is not set up for it. */
  | 'notification.unsupported'
  /** What came does not prove to be the provider's. */
  | 'notification.signature_invalid'
  /** What came is no notification, or is not for us. */
  | 'notification.invalid'
  | 'user.identity_already_in_use'
  | 'user.identity_not_exist'
  /** The account is not one of those that are linked to this user. */
  | 'user.identity_not_exists_in_current_user'
  /** Several accounts of one provider are linked: `data.identityIds` are the choice. */
  | 'user.identity_ambiguous'
  /** The address belongs to somebody here, and the account at the provider does not prove to be theirs. */
  | 'user.email_already_in_use'
  /** Without this account the user could never sign in again. */
  | 'user.last_sign_in_method_required'
  /** Nothing is kept here of such a user. */
  | 'user.user_not_exist'
  /** The sign-in lies too far back for this: send the person to `data.authorization_url`. */
  | 'auth.recent_authentication_required'
  /** No connector with this id is on offer. */
  | 'session.invalid_connector_id'
  /** The round trip cannot start without `state` and `redirectUri`. */
  | 'session.insufficient_info'
  /** No round trip was started with this state, or it is over. */
  | 'session.connector_validation_session_not_found'
  /** No such record for this session, or it is spent, unverified or too old. */
  | 'verification_record.not_found'
  /** The record speaks of an account at another provider. */
  | 'verification_record.social_verification.invalid_target'
  /** The provider granted no token that could be kept. */
  | 'verification_record.social_verification.token_response_not_found'
  | 'secrets.third_party_token_set.token_not_found'
  /** The stored token set can no longer be renewed: send the person to `data.authorization_url`. */
  | 'reauthorization_required'
  /** A stored secret does not decrypt: altered, moved, or sealed under another key of the same id. */
  | 'vault.integrity_error'
  /** A stored secret was sealed under a key that this instance does not hold. */
  | 'vault.key_unavailable'
  /** Not all of the scopes that were asked for are granted: send the person to `data.authorization_url`. */
  | 'vault.scope_missing'
  /** What the provider granted is larger than what is kept of a user at a provider: 64 KiB. */
  | 'vault.token_too_large'
  /** Two writers met; the later one has to look again. */
  | 'vault.conflict'
  /** No grant allows the program to read this provider's tokens for this purpose and with this scope. */
  | 'vault.retrieval_not_granted'
  /** A token is sent to its provider's API alone, by us alone: `data.reason` says what was wrong with the request. */
  | 'vault.request_forbidden'
  /** There are as many webhooks as there may be: `data.limit`. */
  | 'hook.limit_exceeded'
  /** The endpoint of a webhook answered with another status than 2xx: `data.responseStatus`. */
  | 'hook.endpoint_responded_with_error'
  | 'hook.endpoint_timeout'
  | 'hook.endpoint_unreachable'
  /** No answer came to the test of a webhook; `data.reason` is one of the codes above, or why its address is refused. */
  | 'hook.send_test_payload_failed'
  /** What arrived as a webhook is not signed by its key, or too old. */
  | 'hook.signature_invalid';

export interface ErrorDetails {
  /** Public facts, sent to the caller as they are: never a token, never a provider's raw text. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** When it makes sense to ask again. */
  readonly retryAfterSeconds?: number;
  /** The `WWW-Authenticate` of the answer (RFC 6750 section 3): how to come back with better credentials. */
  readonly challenge?: string;
  /** What the provider itself said: for logs and administrators, never sent to the person. */
  readonly upstream?: UpstreamAnswer;
  /** What lies underneath: for logs, never sent. */
  readonly cause?: unknown;
}

/** A provider's own words about a failure, without anything that could be a credential. */
export interface UpstreamAnswer {
  readonly status?: number;
  /** A name or a number. */
  readonly code?: string;
  readonly description?: string;
  /** What an administrator can do about it, in our words. */
  readonly advice?: string;
}

/** The one error class of Latchkey. Statuses are given by the error filter alone. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError';
  readonly data?: ErrorDetails['data'];
  readonly retryAfterSeconds?: number;
  readonly challenge?: string;
  readonly upstream?: UpstreamAnswer;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { data, retryAfterSeconds, challenge, upstream, cause }: ErrorDetails = {},
  ) {
    super(message, { cause });
    this.data = data;
    this.retryAfterSeconds = retryAfterSeconds;
    this.challenge = challenge;
    this.upstream = upstream;
  }
}

/** By name, so that callers can switch on an error thrown by another copy of the package too. */
export const isLatchkeyError = (error: unknown): error is LatchkeyError =>
  error instanceof Error && error.name === 'LatchkeyError' && 'code' in error;
