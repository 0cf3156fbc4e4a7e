import { LatchkeyError, type ErrorCode } from '../../../common/errors.js';
import { redacted } from '../../upstream-error.js';

/** Which call failed: for `gettoken` a credential is ours, for the others it is the application token. */
export type WecomCall = 'gettoken' | 'api';

/** WeCom's form of a failure, with status 200. */
export interface WecomRefusal {
  readonly errcode: number;
  readonly errmsg?: string;
}

type Meaning = readonly [code: ErrorCode, message: string];

const CODE_SPENT: Meaning = [
  'connector.social_auth_code_invalid',
  'The sign-in took too long or was used already. Start again.',
];
const REFUSED: Meaning = ['connector.misconfigured', 'The provider refuses this application.'];
const TOKEN_REFUSED: Meaning = [
  'connector.social_invalid_access_token',
  'The provider does not take the access token.',
];
const UNKNOWN: Meaning = [
  'connector.invalid_response',
  'The provider answered with an error that is not known.',
];

/** By the list of https://developer.work.weixin.qq.com/document/path/90313; Logto asks of each call for a part of it. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '-1': ['connector.provider_unavailable', 'The provider is busy.'],
  '40029': CODE_SPENT,
  '40163': CODE_SPENT,
  '42003': CODE_SPENT,
  '45009': ['connector.rate_limited', 'The provider asks us to slow down.'],
  '50001': REFUSED,
  '60011': REFUSED,
  '60020': REFUSED,
};

const MEANINGS_OF_CALL: Readonly<Record<WecomCall, Readonly<Record<string, Meaning>>>> = {
  gettoken: { '40001': REFUSED, '40013': REFUSED, '40091': REFUSED },
  api: { '40001': TOKEN_REFUSED, '40014': TOKEN_REFUSED, '42001': TOKEN_REFUSED },
};

/** What an administrator has to do, where WeCom's own words do not say it. */
const ADVICE: Readonly<Record<string, (errmsg: string) => string>> = {
  '50001': () => 'Set the host of the callback as trusted domain of the application.',
  '60011': () => 'Put the member into the visible range of the application.',
  '60020': (errmsg) => {
    const [, address = 'the address of this server'] = /from ip: ([\da-f.:]+)/i.exec(errmsg) ?? [];
    return `Add ${address} to the trusted IPs of the application.`;
  },
};

/** What a refusal means; WeCom's own words stay in `upstream`. */
export function wecomError(call: WecomCall, { errcode, errmsg = '' }: WecomRefusal): LatchkeyError {
  const [code, message] = MEANINGS_OF_CALL[call][errcode] ?? MEANINGS[errcode] ?? UNKNOWN;
  const [advice, description] = [ADVICE[errcode]?.(errmsg), redacted(errmsg)];
  return new LatchkeyError(code, message, {
    upstream: { status: 200, code: String(errcode), description, advice },
  });
}

/** The application token has to be fetched anew: it is over, or WeCom has taken it back before its time. */
export const isTokenRefused = ({ code, upstream }: LatchkeyError): boolean =>
  code === TOKEN_REFUSED[0] && upstream?.code !== undefined;
