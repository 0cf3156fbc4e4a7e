import type { ErrorCode } from '../../src/common/errors.js';
import { json } from './hostile-issuer-http.js';
import { drop, textReply, withHeaders, type Script } from './scripted-provider.js';

/** What goes wrong, how, and what it has to be called. */
export type Fault = readonly [name: string, answer: Script, code: ErrorCode];

const PAGE = '<!doctype html><title>Welcome to the station</title>';
const ELSEWHERE = { location: 'https://elsewhere.example/' };

/** Faults that any endpoint can have. */
const FAULTS: readonly Fault[] = [
  ['CE-33: a page with 200', textReply(PAGE, 'text/html'), 'connector.invalid_response'],
  ['a page with 502', textReply(PAGE, 'text/html', 502), 'connector.provider_unavailable'],
  ['JSON that breaks off', textReply('{"access_token":', 'application/json'), 'connector.invalid_response'],
  ['nothing with 200', textReply('', 'application/json'), 'connector.invalid_response'],
  ['500', json({}, 500), 'connector.provider_unavailable'],
  ['503', json({ error: { message: 'down' } }, 503), 'connector.provider_unavailable'],
  ['a connection that ends', drop, 'connector.provider_unavailable'],
  ['a redirect', withHeaders({}, 302, ELSEWHERE), 'connector.invalid_response'],
  ['429', json({}, 429), 'connector.rate_limited'],
];

/** Of a token endpoint, with a good answer to be spoiled. An empty token says nothing about the code: it is no answer. */
export const tokenFaults = (good: Readonly<Record<string, unknown>>): readonly Fault[] => [
  ...FAULTS,
  [
    'CE-37: 200 without access_token',
    json({ ...good, access_token: undefined }),
    'connector.invalid_response',
  ],
  ['CE-37: an empty access_token', json({ ...good, access_token: '' }), 'connector.invalid_response'],
  ['CE-35: token_type MAC', json({ ...good, token_type: 'MAC' }), 'connector.invalid_response'],
  ['CE-35: token_type DPoP', json({ ...good, token_type: 'DPoP' }), 'connector.invalid_response'],
];

/** Of an API that tells who somebody is. */
export const profileFaults: readonly Fault[] = [
  ...FAULTS,
  ['null with 200', json(null), 'connector.invalid_response'],
  ['a list with 200', json([]), 'connector.invalid_response'],
  ['401', json({}, 401), 'connector.social_invalid_access_token'],
  [
    '401 with a challenge',
    withHeaders({}, 401, { 'www-authenticate': 'Bearer error="invalid_token"' }),
    'connector.social_invalid_access_token',
  ],
  ['400', json({}, 400), 'connector.invalid_response'],
];

/** The same faults, with the rows of Logto's suites that some of them are. */
export const withRows = (
  faults: readonly Fault[],
  rows: Readonly<Record<string, string>>,
): readonly Fault[] =>
  faults.map(([name, answer, code]) => [rows[name] ? `Logto ${rows[name]}: ${name}` : name, answer, code]);
