import type { JWTPayload } from 'jose';
import { ACCEPTED, ID_TOKEN_REFUSED, secondsFromNow, type ConformanceCase } from '../conformance-case.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

const claims = (
  id: string,
  guarantee: string,
  change: (claims: JWTPayload) => void,
  expected = ID_TOKEN_REFUSED,
): ConformanceCase => ({ id, guarantee, expected, bends: { claims: change } });

const issuedAt = (seconds: number) => (token: JWTPayload) => {
  token.iat = secondsFromNow(seconds);
};

const expiredSince = (seconds: number) => (token: JWTPayload) => {
  token.iat = secondsFromNow(-5 * MINUTE - seconds);
  token.exp = secondsFromNow(-seconds);
};

const without = (claim: string) => (token: JWTPayload) => void Reflect.deleteProperty(token, claim);

const withSuffix = (claim: string) => (token: JWTPayload) => {
  token[claim] = `${String(token[claim])}x`;
};

const set = (change: Readonly<Record<string, unknown>>) => (token: JWTPayload) =>
  void Object.assign(token, change);

/** OpenID Connect Core 3.1.3.7. */
export const idTokenClaims: readonly ConformanceCase[] = [
  claims('ID-01', 'accepts a good sign-in', () => undefined, ACCEPTED),
  claims('ID-02', 'refuses an ID token whose issuer has a suffix', withSuffix('iss')),
  claims('ID-02', 'refuses an ID token without an issuer', without('iss')),
  claims('ID-04', 'refuses an ID token without a subject', without('sub')),
  claims('ID-04', 'refuses an ID token whose subject is empty', set({ sub: '' })),
  claims('ID-04', 'refuses an ID token whose subject is an object', set({ sub: { id: 1 } })),
  claims('ID-04', 'refuses an ID token whose subject has 256 characters', set({ sub: 's'.repeat(256) })),
  claims('ID-06', 'refuses an ID token whose audience has a suffix', withSuffix('aud')),
  claims('ID-07', 'refuses an ID token without an audience', without('aud')),
  claims('ID-07', 'refuses an ID token whose audience is an empty list', set({ aud: [] })),
  claims(
    'ID-08',
    'accepts a list of audiences that holds us alone',
    (t) => (t.aud = [String(t.aud)]),
    ACCEPTED,
  ),
  claims('ID-09', 'refuses a second audience, even where we are the authorized party', (t) =>
    Object.assign(t, { aud: [String(t.aud), 'somebody-else'], azp: t.aud }),
  ),
  claims('ID-09', 'refuses a second audience without an authorized party', (t) => {
    t.aud = [String(t.aud), 'somebody-else'];
  }),
  claims('ID-11', 'refuses an ID token whose authorized party is another', set({ azp: 'somebody-else' })),
  claims(
    'ID-11',
    'accepts an ID token that names us as authorized party',
    (t) => (t['azp'] = t.aud),
    ACCEPTED,
  ),
  claims('ID-12', 'refuses an ID token without the time of issue', without('iat')),
  claims('ID-12', 'refuses a time of issue that is text', (t) => Object.assign(t, { iat: String(t.iat) })),
  claims('ID-13', 'refuses an ID token that is a week old', issuedAt(-7 * DAY)),
  claims('ID-13', 'refuses an ID token that is a year old', issuedAt(-365 * DAY)),
  claims('ID-13', 'refuses an ID token that will be issued in a day', issuedAt(DAY)),
  claims('ID-13', 'accepts an issuer whose clock is half a minute ahead', issuedAt(30), ACCEPTED),
  claims('ID-14', 'refuses an ID token that expired five minutes ago', expiredSince(5 * MINUTE)),
  claims('ID-14', 'refuses an ID token that expired thirty seconds ago', expiredSince(30)),
  claims('ID-14', 'accepts an ID token that expired two seconds ago', expiredSince(2), ACCEPTED),
  claims('ID-14', 'refuses an ID token that never expires', without('exp')),
  claims('ID-14', 'refuses an expiry that is text', (t) => Object.assign(t, { exp: String(t.exp) })),
  claims(
    'ID-16',
    'refuses an ID token that is not valid before tomorrow',
    (t) => (t.nbf = secondsFromNow(DAY)),
  ),
  claims('ID-32', 'refuses the hash of another access token', set({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })),
  claims('ID-32', 'refuses a hash that is no text', set({ at_hash: 1 })),
  claims('ID-32', 'accepts an ID token without the hash of an access token', without('at_hash'), ACCEPTED),
  claims('AL-06', 'refuses a subject that a database would take for another', set({ sub: 's\ud800' })),
  claims('AL-06', 'refuses a subject with a NUL', set({ sub: 'a\u0000b' })),
  claims(
    'XS-05',
    'accepts a name with characters that no database takes',
    set({ name: 'A\u0000\ud800B' }),
    ACCEPTED,
  ),
  claims('ID-29', 'refuses an ID token whose nonce has a suffix', withSuffix('nonce')),
  claims('ID-30', 'refuses an ID token without a nonce', without('nonce')),
];
