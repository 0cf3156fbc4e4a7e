import {
  ACCEPTED,
  CALLBACK_INVALID,
  ISSUER_MISMATCH,
  MISCONFIGURED,
  STATE_INVALID,
  UNAVAILABLE,
  type ConformanceCase,
} from '../conformance-case.js';

const callback = (
  id: string,
  guarantee: string,
  change: (parameters: URLSearchParams) => void,
  expected: string,
): ConformanceCase => ({
  id,
  guarantee,
  expected,
  bends: { callback: change },
  tokenRequests: expected === ACCEPTED ? 1 : 0,
});

const fails = (error: string) => (parameters: URLSearchParams) => {
  parameters.delete('code');
  parameters.set('error', error);
  parameters.set('error_description', '<script>alert(1)</script>');
};

/** What the browser brings back: RFC 6749 4.1.2, RFC 9207, RFC 9700 4.7. */
export const callbacks: readonly ConformanceCase[] = [
  callback('CB-01', 'refuses a callback without a state', (p) => p.delete('state'), STATE_INVALID),
  callback('CB-01', 'refuses a callback whose state is empty', (p) => p.set('state', ''), STATE_INVALID),
  callback('CB-02', 'refuses a state that is not ours', (p) => p.set('state', '0'.repeat(64)), STATE_INVALID),
  callback(
    'CB-02',
    'refuses a state with a suffix',
    (p) => p.append('state', `${p.get('state')}0`),
    STATE_INVALID,
  ),
  callback(
    'CB-02',
    'refuses a state that is sent twice',
    (p) => p.append('state', String(p.get('state'))),
    STATE_INVALID,
  ),
  callback(
    'CB-11',
    'refuses the callback of another issuer',
    (p) => p.set('iss', 'https://evil.example'),
    ISSUER_MISMATCH,
  ),
  callback(
    'CB-11',
    'refuses an issuer with a suffix',
    (p) => p.set('iss', `${p.get('iss')}/`),
    ISSUER_MISMATCH,
  ),
  callback('CB-11', 'refuses two issuers', (p) => p.append('iss', 'https://evil.example'), ISSUER_MISMATCH),
  callback(
    'CB-11',
    'refuses an error in the name of another issuer',
    (p) => {
      fails('access_denied')(p);
      p.set('iss', 'https://evil.example');
    },
    ISSUER_MISMATCH,
  ),
  callback(
    'CB-12',
    'refuses a callback without the issuer that the metadata promises',
    (p) => p.delete('iss'),
    ISSUER_MISMATCH,
  ),
  callback(
    'CB-15',
    'reports a sign-in that the person cancelled',
    fails('access_denied'),
    '403 auth.access_denied',
  ),
  callback('CB-15', 'reports a provider that has a problem', fails('server_error'), UNAVAILABLE),
  callback('CB-15', 'reports a provider that refuses the application', fails('invalid_scope'), MISCONFIGURED),
  callback('CB-15', 'reports an error that it does not know', fails('constructor'), CALLBACK_INVALID),
  callback(
    'CB-18',
    'refuses a callback with neither code nor error',
    (p) => p.delete('code'),
    CALLBACK_INVALID,
  ),
  callback('CB-18', 'refuses an empty code', (p) => p.set('code', ''), CALLBACK_INVALID),
  callback(
    'CB-18',
    'refuses a callback without any parameter',
    (p) => {
      for (const name of [...p.keys()]) p.delete(name);
    },
    STATE_INVALID,
  ),
  callback(
    'CB-18',
    'refuses a code that is sent twice',
    (p) => p.append('code', String(p.get('code'))),
    CALLBACK_INVALID,
  ),
  callback(
    'CB-18',
    'refuses a code together with an error',
    (p) => p.set('error', 'access_denied'),
    '403 auth.access_denied',
  ),
  callback(
    'CB-27',
    'tolerates parameters that it does not know',
    (p) => {
      p.set('authuser', '0');
      p.set('scope', 'email profile openid');
      p.set('session_state', 'abc');
    },
    ACCEPTED,
  ),
];
