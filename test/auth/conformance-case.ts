import type { Bends } from '../support/hostile-issuer.js';
import type { SigningAlgorithm } from '../support/hostile-issuer-keys.js';
import { json, type Reply, type TextReply } from '../support/hostile-issuer-http.js';
import { doors, LOGTO, type Door } from './stage.js';

/** One way in which an issuer departs from the specifications, and what a sign-in through it must come to. */
export interface ConformanceCase {
  readonly id: string;
  readonly guarantee: string;
  readonly bends: Bends;
  /** `accepted`, or status and code of the refusal; `… or …` where both are right. */
  readonly expected: string;
  /** Default: both. */
  readonly doors?: readonly Door[];
  /** Given when the issuer's metadata or keys are at stake: nothing of another sign-in may be remembered. */
  readonly freshWith?: SigningAlgorithm;
  /** Default: 1. */
  readonly tokenRequests?: number;
}

export const ACCEPTED = 'accepted';
export const ID_TOKEN_REFUSED = '400 auth.id_token_invalid';
export const BAD_ANSWER = '502 connector.invalid_response';
export const MISCONFIGURED = '503 connector.misconfigured';
export const UNAVAILABLE = '503 connector.provider_unavailable';
export const ISSUER_MISMATCH = '400 auth.iss_mismatch';
export const CALLBACK_INVALID = '400 auth.callback_invalid';
export const STATE_INVALID = '400 auth.state_invalid';

/** A case at each of its doors. */
export const atEachDoor = (
  cases: readonly ConformanceCase[],
): (ConformanceCase & { door: Door; at: string })[] =>
  cases.flatMap((one) => (one.doors ?? doors).map((door) => ({ ...one, door, at: door.name })));

export const onlyLogto = [LOGTO];

/** The answer with another body. */
export const saying =
  (body: Reply['body'], contentType = 'application/json', status = 200) =>
  (): Reply => ({ status, headers: { 'content-type': contentType }, body });

/** The answer with some members of its JSON changed; `undefined` removes one. */
export const saysAlso =
  (changes: Readonly<Record<string, unknown>>) =>
  (good: TextReply): TextReply =>
    json({ ...(JSON.parse(good.body) as object), ...changes }, good.status);

export const secondsFromNow = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
