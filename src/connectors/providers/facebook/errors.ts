import { z } from 'zod';
import type { LatchkeyError } from '../../../common/errors.js';
import type { ResourceAnswer } from '../../oauth-client.js';
import type { TokenAnswer } from '../../token-answer.js';
import { refusal } from '../../token-answer.js';
import { redacted, upstreamRefusal } from '../../upstream-error.js';

/** https://developers.facebook.com/docs/graph-api/guides/error-handling */
const graphError = z.object({
  error: z.object({
    message: z.string().catch(''),
    code: z.number(),
    error_subcode: z.number().optional().catch(undefined),
  }),
});

type GraphError = z.output<typeof graphError>['error'];

const TEMPORARY = new Set([1, 2]);
const THROTTLED = new Set([4, 17, 32, 613]);
/** The token or the login behind it is over: expired, revoked, password changed, app removed. */
const TOKEN_OVER = new Set([102, 190, 463, 467]);
/** Of code 100: the authorization code is expired, used, or was made for another address. */
const CODE_OVER = new Set([36007, 36008, 36009]);
const UNKNOWN_APP = 101;

/** An answer of the token endpoint in the form of RFC 6749 5.2. */
export function repaired({ status, body }: TokenAnswer): TokenAnswer {
  const { success, data } = graphError.safeParse(body);
  if (!success) return { status, body };
  const { error } = data;
  const described = { error_description: error.message };
  const refused = refusal(described, standardCode(error), ownCodeOf(error));
  return THROTTLED.has(error.code) ? { ...refused, status: 429 } : refused;
}

function standardCode(error: GraphError): string {
  if (THROTTLED.has(error.code)) return 'slow_down';
  if (isClientRefused(error)) return 'invalid_client';
  if (TEMPORARY.has(error.code)) return 'temporarily_unavailable';
  if (TOKEN_OVER.has(error.code) || CODE_OVER.has(error.error_subcode ?? 0)) return 'invalid_grant';
  return 'invalid_request';
}

/** Facebook refuses a wrong secret with the code of an unknown problem; only the text tells it. */
const isClientRefused = ({ code, message }: GraphError): boolean =>
  code === UNKNOWN_APP || (code === 1 && /client secret/i.test(message));

/** The error of the Graph API that an unsuccessful answer carries. */
export function refusalOf(answer: ResourceAnswer): LatchkeyError {
  const { success, data } = graphError.safeParse(answer.body);
  if (!success) return upstreamRefusal('userinfo', answer, { status: answer.status });
  const { error } = data;
  const upstream = { status: answer.status, code: ownCodeOf(error), description: redacted(error.message) };
  return upstreamRefusal('userinfo', { ...answer, status: meantStatus(error, answer.status) }, upstream);
}

function meantStatus({ code }: GraphError, status: number): number {
  if (THROTTLED.has(code)) return 429;
  if (TEMPORARY.has(code)) return 503;
  return TOKEN_OVER.has(code) ? 401 : status;
}

const ownCodeOf = ({ code, error_subcode: subcode }: GraphError): string =>
  subcode === undefined ? String(code) : `${code}/${subcode}`;
