import * as oauth from 'oauth4webapi';
import type { ResponseBodyError } from 'openid-client';
import { systemSeconds } from '../common/clock.js';
import { isLatchkeyError, LatchkeyError, type ErrorCode, type UpstreamAnswer } from '../common/errors.js';
import { OWN_CODE } from './token-answer.js';

/** Which request to the provider failed: the same answer means different things at different steps. */
export type Step = 'discovery' | 'code' | 'keys' | 'userinfo' | 'refresh' | 'revoke';

/** Translates whatever a protocol library threw. The provider's own text stays in `cause`, for logs. */
export function upstreamError(step: Step, error: unknown): LatchkeyError {
  const ours = findOurs(error);
  if (ours) return ours;
  const [code, message] = classify(step, error);
  const retryAfterSeconds = retryAfter(responseOf(error)?.headers);
  return new LatchkeyError(code, message, { cause: error, retryAfterSeconds, upstream: answerOf(error) });
}

/** The same for an answer of a provider's API that is no success. */
export function upstreamRefusal(
  step: Step,
  { status, headers }: { readonly status: number; readonly headers: Headers },
  upstream: UpstreamAnswer = { status },
): LatchkeyError {
  const retryAfterSeconds = retryAfter(headers);
  const limited = status === 403 && retryAfterSeconds !== undefined;
  const [code, message] = classifyStatus(step, limited ? 429 : status);
  return new LatchkeyError(code, message, { retryAfterSeconds, upstream });
}

/** A provider's text as it may be logged: short, in one line, and without anything that could be a credential. */
export const redacted = (text: unknown): string | undefined =>
  typeof text === 'string'
    ? text
        .replace(/\p{C}+/gu, ' ')
        .replace(/\S{20,}/g, '[redacted]')
        .slice(0, 300)
    : undefined;

/** A code is a name or a number; whatever else stands in its place may be anything. */
const codeIn = (text: unknown): string | undefined =>
  typeof text === 'string' && /^([a-z][a-z_]{0,63}|-?\d{1,9}(\/\d{1,9})?)$/.test(text) ? text : undefined;

/** What an unsuccessful answer of an API says, by the members that such answers have. */
export function apiAnswer(status: number, body: unknown): UpstreamAnswer {
  const { message, detail, title, error_description: described } = (body ?? {}) as Record<string, unknown>;
  return { status, description: redacted([described, message, detail, title].find(isText)) };
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** What an authorization response says of its refusal. */
export const callbackAnswer = (parameters: URLSearchParams): UpstreamAnswer => ({
  code: codeIn(parameters.get('error')),
  description: redacted(parameters.get('error_description')),
});

function answerOf(error: unknown): UpstreamAnswer | undefined {
  if (!isBodyError(error)) {
    const status = responseOf(error)?.status;
    return status === undefined ? undefined : { status };
  }
  const { status, error: standard, error_description: description, cause } = error;
  const own: unknown = (cause as Record<string, unknown>)[OWN_CODE];
  return { status, code: codeIn(own ?? standard), description: redacted(description) };
}

function classify(step: Step, error: unknown): [ErrorCode, string] {
  if (isBodyError(error)) return classifyBody(step, error);
  const status = statusOf(error);
  if (status !== undefined) return classifyStatus(step, status);
  if (step === 'keys') return isBadKeySet(error) ? MALFORMED : ID_TOKEN_REFUSED;
  switch (codeOf(error)) {
    case oauth.JSON_ATTRIBUTE_COMPARISON:
      return step === 'userinfo'
        ? ['auth.userinfo_mismatch', 'The provider spoke of two different people.']
        : ['connector.misconfigured', "The provider's metadata names another issuer."];
    case oauth.JWT_CLAIM_COMPARISON:
    case oauth.JWT_TIMESTAMP_CHECK:
      return ID_TOKEN_REFUSED;
    case oauth.UNSUPPORTED_OPERATION:
      return 'body' in judgedPart(error) ? MALFORMED : ID_TOKEN_REFUSED;
    case oauth.INVALID_RESPONSE:
      return concernsJwt(error) ? ID_TOKEN_REFUSED : MALFORMED;
    case oauth.MISSING_SERVER_METADATA:
    case oauth.INVALID_SERVER_METADATA:
    case oauth.HTTP_REQUEST_FORBIDDEN:
    case oauth.REQUEST_PROTOCOL_FORBIDDEN:
      return ['connector.misconfigured', "The provider's metadata cannot be used."];
    default:
      return MALFORMED;
  }
}

const ID_TOKEN_REFUSED: [ErrorCode, string] = [
  'auth.id_token_invalid',
  "The sign-in could not be verified: the provider's ID token is not valid.",
];
const MALFORMED: [ErrorCode, string] = [
  'connector.invalid_response',
  'The provider sent an answer that cannot be used.',
];
const GRANT_OVER: [ErrorCode, string] = [
  'connector.grant_invalid',
  'The provider no longer honours the grant.',
];
const UNAVAILABLE: [ErrorCode, string] = ['connector.provider_unavailable', 'The provider has a problem.'];

/** RFC 6749 5.2. */
function classifyBody(step: Step, { error, status }: ResponseBodyError): [ErrorCode, string] {
  switch (error) {
    case 'invalid_token':
      return step === 'revoke' ? GRANT_OVER : classifyStatus(step, status);
    case 'invalid_grant':
      return step === 'refresh' || step === 'revoke'
        ? GRANT_OVER
        : [
            'connector.social_auth_code_invalid',
            'The sign-in took too long or was used already. Start again.',
          ];
    case 'invalid_client':
    case 'unauthorized_client':
    case 'redirect_uri_mismatch':
    case 'invalid_scope':
    case 'invalid_target':
      return ['connector.misconfigured', 'The provider refuses this application.'];
    case 'access_denied':
    case 'insufficient_scope':
      return ['auth.access_denied', 'The provider does not grant this.'];
    case 'server_error':
    case 'temporarily_unavailable':
      return UNAVAILABLE;
    default:
      return classifyStatus(step, status);
  }
}

function classifyStatus(step: Step, status: number): [ErrorCode, string] {
  if (status === 429) return ['connector.rate_limited', 'The provider asks us to slow down.'];
  if (status >= 500) return UNAVAILABLE;
  if (status === 401)
    return step === 'userinfo'
      ? ['connector.social_invalid_access_token', 'The provider does not take the access token.']
      : ['connector.misconfigured', 'The provider refuses this application.'];
  return MALFORMED;
}

/** The provider has looked at our client before it has looked at the code. */
export const isCodeRefused = (error: unknown): boolean =>
  isLatchkeyError(error) && error.code === 'connector.social_auth_code_invalid';

/** Our HTTP client has already said what went wrong; libraries wrap it. */
function findOurs(error: unknown): LatchkeyError | undefined {
  if (isLatchkeyError(error)) return error;
  return hasCause(error) ? findOurs(error.cause) : undefined;
}

const isBodyError = (error: unknown): error is ResponseBodyError =>
  codeOf(error) === oauth.RESPONSE_BODY_ERROR;

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const hasCause = (error: unknown): error is { cause: unknown } =>
  typeof error === 'object' && error !== null && 'cause' in error && error.cause !== error;

/** The response of an answer with an unexpected status or a challenge. */
function responseOf(error: unknown): Response | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { response, cause } = error as { response?: unknown; cause?: unknown };
  return [response, cause].find(isResponse);
}

const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value;

function statusOf(error: unknown): number | undefined {
  const status = responseOf(error)?.status;
  return status === undefined || status < 300 ? undefined : status;
}

/** The library puts the part that it judged beside the message: a body, or claims, header or signature of a JWT. */
function judgedPart(error: unknown): object {
  const part = hasCause(error) && hasCause(error.cause) ? error.cause.cause : undefined;
  return typeof part === 'object' && part !== null ? part : {};
}

function concernsJwt(error: unknown): boolean {
  const part = judgedPart(error);
  return ['claims', 'header', 'signature'].some((name) => name in part);
}

/** jose found no key set, in contrast to no key. */
const isBadKeySet = (error: unknown): boolean =>
  ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID'].includes(String(codeOf(error)));

/**
 * `Retry-After` in seconds, between 1 second and an hour (RFC 9110 10.2.3; the date form is not used by providers), or
 * the moment when X's and GitHub's limits end.
 */
function retryAfter(headers: Headers | undefined): number | undefined {
  const given = headers?.get('retry-after');
  const end = headers?.get('x-rate-limit-reset') ?? headers?.get('x-ratelimit-reset');
  const rest = end && isSpent(headers) ? Math.max(1, Number(end) - systemSeconds()) : NaN;
  const seconds = given ? Number(given) : rest;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.ceil(seconds), 3600) : undefined;
}

const isSpent = (headers: Headers | undefined): boolean =>
  (headers?.get('x-rate-limit-remaining') ?? headers?.get('x-ratelimit-remaining') ?? '0') === '0';
