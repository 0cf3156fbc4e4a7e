import { CompactSign, type JWTPayload } from 'jose';
import { CLIENT } from '../../support/hostile-issuer.js';
import {
  signed,
  signedByAnother,
  signedWithSecret,
  signingKey,
  unsigned,
  withBrokenSignature,
  type UnsignedToken,
} from '../../support/hostile-issuer-keys.js';

/** What is posted in the place of a logout token, and what comes of it. */
export interface LogoutCase {
  readonly id: string;
  readonly guarantee: string;
  readonly make: (token: UnsignedToken, sign: Sign) => string | Promise<string>;
  readonly expected: typeof ENDS | typeof REFUSED;
}

type Sign = (token: UnsignedToken) => Promise<string>;

export const ENDS = '200, session over';
export const REFUSED = '400 auth.logout_token_invalid, session lives';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MINUTE = 60;
const HOUR = 60 * MINUTE;

const fromNow = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

const claims =
  (expected: LogoutCase['expected']) =>
  (id: string, guarantee: string, change: (claims: JWTPayload) => unknown): LogoutCase => ({
    id,
    guarantee,
    expected,
    make: (token, sign) => {
      change(token.claims);
      return sign(token);
    },
  });

const accepted = claims(ENDS);
const refused = claims(REFUSED);

const typed = (typ: unknown, expected: LogoutCase['expected']): LogoutCase => ({
  id: 'LO-08',
  guarantee: `${expected === ENDS ? 'accepts' : 'refuses'} a token of the type ${String(typ)}`,
  expected,
  make: ({ header, claims: said }, sign) => sign({ header: { ...header, typ }, claims: said }),
});

const made = (id: string, guarantee: string, make: LogoutCase['make']): LogoutCase => ({
  id,
  guarantee,
  make,
  expected: REFUSED,
});

const set = (change: Readonly<Record<string, unknown>>) => (token: JWTPayload) =>
  Object.assign(token, change);
const without =
  (...names: string[]) =>
  (token: JWTPayload) =>
    names.forEach((name) => Reflect.deleteProperty(token, name));
const withSuffix = (name: string) => (token: JWTPayload) => set({ [name]: `${String(token[name])}x` })(token);

/** OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6. */
export const logoutTokens: readonly LogoutCase[] = [
  accepted('LO-04', 'ends the session that a token names by session and person', () => undefined),
  accepted('LO-04', 'ends the session that a token names by session alone', without('sub')),
  accepted('LO-04', 'ends the session of the person whom a token names alone', without('sid')),
  accepted('LO-04', 'accepts a list of audiences that holds us alone', (t) => set({ aud: [t.aud] })(t)),
  accepted('LO-04', 'accepts an event with members of its own', set({ events: { [EVENT]: { a: 1 } } })),
  accepted('LO-04', 'accepts a further event beside that of the logout', (t) =>
    set({ events: { ...(t['events'] as object), 'https://issuer.example/event': {} } })(t),
  ),
  accepted('LO-04', 'accepts an issuer whose clock is half a minute ahead', (t) =>
    set({ iat: fromNow(30), exp: fromNow(150) })(t),
  ),
  accepted('LO-04', 'accepts a token that expired two seconds ago', (t) =>
    set({ iat: fromNow(-122), exp: fromNow(-2) })(t),
  ),
  typed('logout+jwt', ENDS),
  typed('application/logout+jwt', ENDS),
  typed('JWT', ENDS),
  typed(undefined, ENDS),

  made('LO-05', 'refuses a token without a signature', (token) => unsigned(token)),
  made('LO-08', 'refuses HS256 with the client secret', (token) => signedWithSecret(token, CLIENT.secret)),
  made('LO-08', "refuses HS256 with the text of the issuer's public key", async (token) =>
    signedWithSecret(token, JSON.stringify((await signingKey('ES384')).jwk)),
  ),
  made('LO-08', 'refuses another algorithm in the name of the key', async (token) => {
    const { privateKey } = await signingKey('RS256', 'stranger');
    return signed({ header: { ...token.header, alg: 'RS256' } }, token.claims, privateKey);
  }),
  typed('at+jwt', REFUSED),
  typed('secevent+jwt', REFUSED),
  typed('', REFUSED),
  typed(1, REFUSED),
  made('LO-08', 'refuses an extension that it must understand and does not', ({ header, claims: said }) =>
    signedWithExtension({ ...header, crit: ['urn:example:extension'], 'urn:example:extension': 1 }, said),
  ),
  made('broken signature', 'refuses a token whose signature is broken', async (token, sign) =>
    withBrokenSignature(await sign(token)),
  ),
  made('broken signature', 'refuses a token whose signature is cut off', async (token, sign) =>
    (await sign(token)).replace(/[^.]+$/, ''),
  ),
  made('broken signature', "refuses another key's signature in the issuer's name", async (token) =>
    signedByAnother(token, await signingKey('ES384', 'stranger')),
  ),
  made('broken signature', 'refuses a signature by a key that the issuer does not list', async (token) =>
    signedByAnother(token, await signingKey('ES384', 'stranger'), 'stranger'),
  ),
  made('broken signature', 'refuses claims that were changed after signing', async (token, sign) => {
    const [header, , signature] = (await sign({ ...token, claims: { ...token.claims, sid: 'other' } })).split(
      '.',
    );
    return `${header}.${encode(token.claims)}.${signature}`;
  }),

  refused('LO-06', 'refuses a token without events', without('events')),
  refused('LO-06', 'refuses events that are empty', set({ events: {} })),
  refused('LO-06', 'refuses events that are null', set({ events: null })),
  refused('LO-06', 'refuses events that are a list', set({ events: [EVENT] })),
  refused('LO-06', 'refuses events that are text', set({ events: EVENT })),
  refused('LO-10', 'refuses another event', set({ events: { 'https://evil.example/event': {} } })),
  refused('LO-10', 'refuses an event whose name has a suffix', set({ events: { [`${EVENT}x`]: {} } })),
  ...[null, true, 'logout', 1, [], [{}]].map((value) =>
    refused('LO-10', `refuses ${JSON.stringify(value)} for the event`, set({ events: { [EVENT]: value } })),
  ),

  refused('LO-07', 'refuses a token with a nonce', set({ nonce: 'n' })),
  refused('LO-07', 'refuses a token whose nonce is empty', set({ nonce: '' })),
  refused('LO-07', 'refuses a token whose nonce is null', set({ nonce: null })),

  refused('LO-09', 'refuses an audience with a suffix', withSuffix('aud')),
  refused('LO-09', 'refuses a token without an audience', without('aud')),
  refused('LO-09', 'refuses an empty list of audiences', set({ aud: [] })),
  refused('LO-09', 'refuses a second audience beside us', (t) => set({ aud: [t.aud, 'somebody-else'] })(t)),
  refused('LO-09', 'refuses a token for another application', set({ aud: 'somebody-else' })),
  refused('LO-11', 'refuses an issuer with a suffix', withSuffix('iss')),
  refused('LO-11', 'refuses a token without an issuer', without('iss')),
  refused('LO-11', 'refuses another issuer', set({ iss: 'https://evil.example/oidc' })),

  refused('BCL 2.6', 'refuses a token without the time of issue', without('iat')),
  refused('BCL 2.6', 'refuses a time of issue that is text', (t) => set({ iat: String(t.iat) })(t)),
  refused('BCL 2.6', 'refuses a token that is an hour old', set({ iat: fromNow(-HOUR), exp: fromNow(HOUR) })),
  refused('BCL 2.6', 'refuses a token of eleven minutes ago', set({ iat: fromNow(-11 * MINUTE) })),
  refused('BCL 2.6', 'refuses a token that will be issued in two minutes', (t) =>
    set({ iat: fromNow(2 * MINUTE), exp: fromNow(4 * MINUTE) })(t),
  ),
  refused('BCL 2.6', 'refuses a token that expired a minute ago', set({ exp: fromNow(-MINUTE) })),
  refused('BCL 2.6', 'refuses an expiry that is text', (t) => set({ exp: String(t.exp) })(t)),
  refused('BCL 2.6', 'refuses a token that is not valid yet', set({ nbf: fromNow(HOUR) })),
  refused('BCL 2.6', 'refuses a token without a name of its own', without('jti')),
  refused('BCL 2.6', 'refuses a token whose name is empty', set({ jti: '' })),
  refused('BCL 2.6', 'refuses a token whose name is a number', set({ jti: 1 })),
  refused('BCL 2.6', 'refuses a token of nobody', without('sub', 'sid')),
  refused('BCL 2.6', 'refuses a token whose person and session are empty', set({ sub: '', sid: '' })),
  refused('BCL 2.6', 'refuses a session that is a list', (t) => set({ sid: [t['sid']] })(t)),
  refused('BCL 2.6', 'refuses a person that is an object', (t) => set({ sub: { eq: t.sub } })(t)),

  made('LO-06', 'refuses an ID token', async ({ header, claims: said }, sign) => {
    const { iss, sub, aud, iat, exp, sid } = said;
    return sign({
      header: { ...header, typ: undefined },
      claims: { iss, sub, aud, iat, exp, sid, nonce: 'n' },
    });
  }),
  made('LO-08', 'refuses an access token', async ({ header, claims: said }, sign) => {
    const { iss, sub, aud, iat, exp, jti } = said;
    const accessToken = { iss, sub, aud, iat, exp, jti, client_id: aud, scope: '' } as JWTPayload;
    return sign({ header: { ...header, typ: 'at+jwt' }, claims: accessToken });
  }),
  made('garbage', 'refuses words', () => 'no token at all'),
  made('garbage', 'refuses an empty token', () => ''),
  made('garbage', 'refuses two dots', () => '..'),
  made('garbage', 'refuses a token of five parts', async (token, sign) => `${await sign(token)}.AAAA.AAAA`),
  made('garbage', 'refuses a payload that is null', async ({ header }) =>
    signed({ header }, null, (await signingKey('ES384')).privateKey),
  ),
  made('garbage', 'refuses a payload that is a list', async ({ header, claims: said }) =>
    signed({ header }, [said], (await signingKey('ES384')).privateKey),
  ),
];

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function signedWithExtension(header: Record<string, unknown>, said: JWTPayload): Promise<string> {
  const { privateKey } = await signingKey('ES384');
  return new CompactSign(Buffer.from(JSON.stringify(said)))
    .setProtectedHeader({ ...header, alg: 'ES384' })
    .sign(privateKey, { crit: { 'urn:example:extension': true } });
}
