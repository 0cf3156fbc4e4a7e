import { DROP, json, spaces, type Reaction, type TextReply } from '../../support/hostile-issuer-http.js';
import type { Endpoint } from '../../support/hostile-issuer-endpoints.js';
import {
  ACCEPTED,
  BAD_ANSWER,
  MISCONFIGURED,
  onlyLogto,
  saying,
  saysAlso,
  UNAVAILABLE,
  type ConformanceCase,
} from '../conformance-case.js';

type Answer = (good: TextReply) => Reaction | Promise<Reaction>;

const answer =
  (endpoint: Endpoint, rest: Partial<ConformanceCase> = {}) =>
  (id: string, guarantee: string, reply: Answer, expected = BAD_ANSWER): ConformanceCase => ({
    id,
    guarantee,
    expected,
    bends: { answers: { [endpoint]: reply } },
    ...rest,
  });

const discovery = answer('discovery', { freshWith: 'ES384', doors: onlyLogto, tokenRequests: 0 });
const jwks = answer('jwks', { freshWith: 'ES384', doors: onlyLogto });
const token = answer('token');
const userInfo = answer('userinfo', { doors: onlyLogto });

const elsewhere: Answer = (good) => ({
  ...good,
  status: 302,
  headers: { location: 'http://127.0.0.1:9/' },
});
const withSuffix: Answer = (good) => saysAlso({ issuer: `${issuerIn(good)}x` })(good);
const issuerIn = ({ body }: TextReply): string => (JSON.parse(body) as { issuer: string }).issuer;

const afterSpaces =
  (mebibytes: number): Answer =>
  (good) => ({ ...good, body: [...spaces(mebibytes), Buffer.from(good.body)] });

/** Answers of the token, UserInfo, key set and metadata endpoints. */
export const upstreamAnswers: readonly ConformanceCase[] = [
  discovery(
    'ID-43',
    'sends nobody to an issuer whose metadata names another with a suffix',
    withSuffix,
    MISCONFIGURED,
  ),
  ...[undefined, 'javascript:alert(1)', 'nonsense'].map((authorization_endpoint) =>
    discovery(
      'AR-17',
      `sends nobody to the authorization endpoint ${authorization_endpoint}`,
      saysAlso({ authorization_endpoint }),
      MISCONFIGURED,
    ),
  ),
  discovery(
    'ID-42',
    'sends nobody to an issuer that names no keys',
    saysAlso({ jwks_uri: undefined }),
    MISCONFIGURED,
  ),
  jwks('ID-49', 'lets nobody in while the keys cannot be had', () => DROP, UNAVAILABLE),
  jwks(
    'ID-49',
    'lets nobody in while the key set is out of order',
    saying('{}', 'application/json', 500),
    UNAVAILABLE,
  ),
  jwks('ID-49', 'takes no page for a key set', saying('<html></html>', 'text/html')),
  discovery('ID-43', 'sends nobody to an issuer without metadata', saying('{}', 'application/json', 404)),
  discovery('RX-08', 'stops reading metadata without an end', saying(spaces())),
  jwks('RX-08', 'stops reading a key set without an end', saying(spaces())),

  token('ID-37', 'refuses a token answer without an ID token', saysAlso({ id_token: undefined })),
  token('ID-38', 'refuses a token answer that is null', saying('null')),
  token('ID-38', 'refuses a token answer that is HTML', saying('<html></html>', 'text/html')),
  token('ID-38', 'refuses a token answer that is empty', saying('')),
  token('CB-29', 'reports a token endpoint that drops the connection', () => DROP, UNAVAILABLE),
  token(
    'CB-28',
    'reports a code that is expired',
    () => json({ error: 'invalid_grant' }, 400),
    '400 connector.social_auth_code_invalid',
  ),
  token('CB-29', 'reports a token endpoint that is out of order', () => json({}, 500), UNAVAILABLE),
  token('RX-08', 'stops reading a token answer without an end', saying(spaces())),
  token('RX-08', 'stops reading a good token answer that comes after 30 MiB of spaces', afterSpaces(30)),
  token('token redirect', 'follows no redirect of the token endpoint', elsewhere),
  token('token type', 'refuses a token type that it cannot use', saysAlso({ token_type: 'mac' })),
  token('token type', 'accepts the token type in any case', saysAlso({ token_type: 'bEARER' }), ACCEPTED),
  token(
    'no lifetime',
    'accepts an access token whose lifetime is not given',
    saysAlso({ expires_in: undefined }),
    ACCEPTED,
  ),

  userInfo(
    'UI-01',
    'refuses UserInfo of another subject',
    saysAlso({ sub: 'somebody else' }),
    '400 auth.userinfo_mismatch',
  ),
  userInfo('UI-02', 'refuses UserInfo without a subject', saysAlso({ sub: undefined })),
  userInfo('UI-02', 'refuses UserInfo whose subject is an object', saysAlso({ sub: {} })),
  userInfo('UI-04', 'refuses UserInfo that is HTML', saying('<html></html>', 'text/html')),
  userInfo('UI-04', 'refuses UserInfo that is HTML in the name of JSON', saying('<html></html>')),
  userInfo('UI-04', 'refuses UserInfo that is null', saying('null')),
  userInfo('UI-04', 'refuses UserInfo that is a list', saying('[]')),
  userInfo('UI-04', 'refuses UserInfo that is empty', saying('')),
  userInfo('UI-05', 'refuses UserInfo that is an unsigned JWT', saying('e30.e30.', 'application/jwt')),
  userInfo(
    'UI-06',
    'refuses a sign-in whose UserInfo is unauthorized',
    () => json({}, 401),
    '502 connector.social_invalid_access_token',
  ),
  userInfo('UI-06', 'refuses a sign-in whose UserInfo is forbidden', () => json({}, 403)),
  userInfo('UI-06', 'reports UserInfo that is out of order', () => json({}, 500), UNAVAILABLE),
  userInfo('RX-08', 'stops reading UserInfo without an end', saying(spaces())),
];
