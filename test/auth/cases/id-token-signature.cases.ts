import {
  encrypted,
  signed,
  signedByAnother,
  signedWithSecret,
  signingKey,
  unsigned,
  withBrokenSignature,
  type UnsignedToken,
} from '../../support/hostile-issuer-keys.js';
import { CLIENT, type Bends } from '../../support/hostile-issuer.js';
import { json } from '../../support/hostile-issuer-http.js';
import {
  ACCEPTED,
  BAD_ANSWER,
  ID_TOKEN_REFUSED,
  onlyLogto,
  saysAlso,
  type ConformanceCase,
} from '../conformance-case.js';

const token = (
  id: string,
  guarantee: string,
  idToken: Bends['idToken'],
  expected = ID_TOKEN_REFUSED,
): ConformanceCase => ({ id, guarantee, expected, bends: { idToken } });

const typed = (typ: string, expected = ID_TOKEN_REFUSED): ConformanceCase => ({
  id: 'ID-35',
  guarantee: `${expected === ACCEPTED ? 'accepts' : 'refuses'} a token of the type ${typ}`,
  expected,
  bends: { header: (header) => (header['typ'] = typ) },
});

const algorithmOf = ({ header }: UnsignedToken) => (header['alg'] === 'RS256' ? 'RS256' : 'ES384');

const withoutKid: Bends['header'] = (header) => delete header['kid'];

/** Keys that a set may hold beside the right one, each useless in its own way. */
const strayKeys = [
  { kty: 'oct', kid: 'oct', k: 'AAAA', use: 'sig' },
  { kty: 'EC', crv: 'P-384', kid: 'encryption', use: 'enc', alg: 'ECDH-ES', x: 'AAAA', y: 'AAAA' },
  { kty: 'XYZ', kid: 'unknown kind' },
  { kty: 'RSA', kid: 'malformed', use: 'sig', alg: 'RS256', n: '!', e: 7 },
  { kid: 'no kind at all' },
];

/** Signatures, keys and kinds of tokens. */
export const idTokenSignatures: readonly ConformanceCase[] = [
  ...(['RS256', 'ES256', 'ES384'] as const).map((algorithm): ConformanceCase => ({
    id: 'ID-20',
    guarantee: `accepts a signature by ${algorithm}`,
    bends: {},
    expected: ACCEPTED,
    doors: onlyLogto,
    freshWith: algorithm,
  })),
  {
    id: 'ID-17',
    guarantee: 'accepts an ID token that names no key where the set has one',
    bends: { header: withoutKid },
    expected: ACCEPTED,
  },
  ...(['RS256', 'ES384'] as const).map((algorithm): ConformanceCase => ({
    id: 'ID-18',
    guarantee: `refuses an ID token that names no key where the set has two for ${algorithm}`,
    bends: {
      header: withoutKid,
      answers: {
        jwks: async () => {
          const keys = [await signingKey(algorithm, 'second'), await signingKey(algorithm)];
          return json({ keys: keys.map(({ jwk }) => jwk) });
        },
      },
    },
    expected: ID_TOKEN_REFUSED,
    doors: onlyLogto,
    freshWith: algorithm,
  })),
  token('ID-21', 'refuses an ID token without a signature', (t) => unsigned(t)),
  token('ID-23', 'refuses an ID token whose signature is broken', async (_, good) =>
    withBrokenSignature(await good()),
  ),
  token('ID-23', 'refuses an ID token whose signature is cut off', async (_, good) =>
    (await good()).replace(/[^.]+$/, ''),
  ),
  token('ID-23', 'refuses claims that were changed after signing', async (t, good) => {
    const [header, , signature] = (await good()).split('.');
    const changed = Buffer.from(JSON.stringify({ ...t.claims, sub: 'root' })).toString('base64url');
    return `${header}.${changed}.${signature}`;
  }),
  token('ID-23', "refuses another key's signature in the issuer's name", async (t) =>
    signedByAnother(t, await signingKey(algorithmOf(t), 'stranger')),
  ),
  token('ID-23', 'refuses a signature by a key that is not in the set', async (t) =>
    signedByAnother(t, await signingKey('ES384', 'stranger'), 'stranger'),
  ),
  {
    id: 'ID-24',
    guarantee: 'refuses an ID token whose ES256 signature is broken',
    bends: { idToken: async (_, good) => withBrokenSignature(await good()) },
    expected: ID_TOKEN_REFUSED,
    doors: onlyLogto,
    freshWith: 'ES256',
  },
  token('ID-25', 'refuses HS256 with the client secret', (t) => signedWithSecret(t, CLIENT.secret)),
  token('ID-25', 'refuses HS256 with a broken signature', async (t) =>
    withBrokenSignature(await signedWithSecret(t, CLIENT.secret)),
  ),
  {
    id: 'ID-25',
    guarantee: 'refuses HS256 even where the metadata announces nothing else',
    bends: {
      idToken: (t) => signedWithSecret(t, CLIENT.secret),
      answers: {
        discovery: saysAlso({ id_token_signing_alg_values_supported: ['HS256', 'none'] }),
      },
    },
    expected: ID_TOKEN_REFUSED,
    doors: onlyLogto,
    freshWith: 'ES384',
  },
  ...(['ECDH-ES+A256KW', 'dir'] as const).map((algorithm) =>
    token(
      'ID-40',
      `refuses an ID token that is encrypted by ${algorithm}, which nobody has agreed on`,
      async (_, good) => encrypted(await good(), algorithm),
    ),
  ),
  typed('logout+jwt'),
  typed('at+jwt'),
  typed('JWT', ACCEPTED),
  {
    id: 'ID-48',
    guarantee: 'finds its key among ones that it cannot use',
    bends: { keys: (keys) => [...strayKeys, ...keys] },
    expected: ACCEPTED,
    doors: onlyLogto,
    freshWith: 'RS256',
  },
  token('ID-38', 'refuses an ID token that is an object', ({ claims }) => claims, BAD_ANSWER),
  token('ID-38', 'refuses an ID token that is a number', () => 42, BAD_ANSWER),
  token('ID-38', 'refuses an ID token of one part', () => 'token', BAD_ANSWER),
  token('ID-38', 'refuses an ID token that is not base64url', () => '!!.!!.!!', BAD_ANSWER),
  token(
    'ID-38',
    'refuses an ID token whose payload is null',
    async (t) => signed(t, null, (await signingKey(algorithmOf(t))).privateKey),
    BAD_ANSWER,
  ),
];
