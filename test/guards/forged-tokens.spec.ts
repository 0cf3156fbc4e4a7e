import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { get } from 'node:http';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import {
  signed,
  signedByAnother,
  signedWithSecret,
  signingKey,
  unsigned,
  withBrokenSignature,
} from '../support/hostile-issuer-keys.js';
import { startApplication, type Application } from '../importing/application.js';
import { Forger } from './forger.js';
import { COLUMNS, controllers } from './routes.js';
import { API, AURORA } from './tokens.js';

const now = () => Math.floor(Date.now() / 1000);

const challenges: Record<string, string> = {
  'auth.unauthorized': 'Bearer',
  'auth.authorization_header_missing': 'Bearer',
  'auth.authorization_token_type_not_supported': 'Bearer',
  'auth.access_token_invalid':
    'Bearer error="invalid_token", error_description="The access token is not valid."',
};

describe.each(platforms)('access tokens on %s', (platform) => {
  let issuer: HostileIssuer;
  let stranger: HostileIssuer;
  let application: Application;
  let forger: Forger;
  let rsa: Forger;
  let signedIn: Browser;
  let unusualKey: CryptoKey;

  beforeAll(async () => {
    issuer = await HostileIssuer.start({ path: '/oidc' });
    stranger = await HostileIssuer.start({ path: '/oidc' });
    const rs256 = await signingKey('RS256');
    const { publicKey, privateKey } = await generateKeyPair('EdDSA');
    const unusual = { ...(await exportJWK(publicKey)), kid: 'unusual', use: 'sig' };
    unusualKey = privateKey;
    issuer.bend({ keys: (keys) => [...keys, rs256.jwk, unusual] });
    application = await startApplication({
      platform,
      logto: { ...issuer.logto, audience: API },
      controllers,
    });
    [forger, rsa] = [new Forger(issuer), new Forger(issuer, 'RS256')];
    issuer.person = { sub: 'a-person', email: 'person@example.test', email_verified: true };
    signedIn = new Browser();
    await signedIn.open(`${application.url}/auth/sign-in?return_to=/session/public`);
  });

  afterAll(async () => {
    await application.close();
    await Promise.all([issuer.close(), stranger.close()]);
  });

  const ask = (path: string, authorization?: string, browser = new Browser()) =>
    browser.json(`${application.url}/${path}`, {
      headers: authorization === undefined ? {} : { authorization },
    });

  const refusal = async (path: string, authorization?: string, browser?: Browser) => {
    const { status, body, headers } = await ask(path, authorization, browser);
    const code = String(body['code']);
    expect(headers.get('www-authenticate')).toBe(challenges[code]);
    expect(Object.keys(body).sort()).toEqual(['code', 'message']);
    return `${status} ${code}`;
  };

  const good = [
    ['ES384, as Logto signs', () => forger.token()],
    ['RS256, where the key set lists such a key', () => rsa.token()],
    ['at+jwt in its long form', () => forger.token({ header: { typ: 'application/at+jwt' } })],
    ['several audiences, one of them ours', () => forger.token({ claims: { aud: ['https://a.test', API] } })],
    ['no scope', () => forger.token({ claims: { scope: undefined } })],
    ['an end within the tolerance of clocks', () => forger.token({ claims: { exp: now() - 1 } })],
  ] as const;

  it.each(good)('are accepted with %s', async (_, token) => {
    expect((await ask('token/plain', `Bearer ${await token()}`)).status).toBe(200);
    expect((await ask('either/plain', `Bearer ${await token()}`)).status).toBe(200);
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('are accepted after the scheme %s', async (scheme) => {
    expect((await ask('token/plain', `${scheme} ${await forger.token()}`)).status).toBe(200);
  });

  const invalid: readonly (readonly [string, () => Promise<string>])[] = [
    ['for another audience (MA-20)', () => forger.token({ claims: { aud: 'https://other.example.test/' } })],
    ['for an audience of which ours is a part', () => forger.token({ claims: { aud: `${API}admin` } })],
    ['for our client, as an ID token is', () => forger.token({ claims: { aud: issuer.client.id } })],
    ['for nobody', () => forger.token({ claims: { aud: undefined } })],
    ['for an empty list of audiences', () => forger.token({ claims: { aud: [] } })],
    ['for a number', () => forger.token({ claims: { aud: 42 } })],
    [
      'for an organisation and somebody else',
      () => forger.token({ claims: { aud: [`urn:logto:organization:${AURORA}`, 'https://other.test'] } }),
    ],
    ['of another issuer', () => forger.token({ claims: { iss: stranger.url } })],
    ['of our issuer with a slash behind it', () => forger.token({ claims: { iss: `${issuer.url}/` } })],
    ['of no issuer', () => forger.token({ claims: { iss: undefined } })],
    ['without a subject', () => forger.token({ claims: { sub: undefined } })],
    ['with an empty subject', () => forger.token({ claims: { sub: '' } })],
    ['with a number as its subject', () => forger.token({ claims: { sub: 42 } })],
    ['without a client', () => forger.token({ claims: { client_id: undefined } })],
    ['without an end', () => forger.token({ claims: { exp: undefined } })],
    ['with a text as its end', () => forger.token({ claims: { exp: 'never' } })],
    ['without a beginning', () => forger.token({ claims: { iat: undefined } })],
    ['that has expired', () => forger.token({ claims: { exp: now() - 30 } })],
    ['that is not good yet', () => forger.token({ claims: { nbf: now() + 60 } })],
    ['whose scope is a list', () => forger.token({ claims: { scope: ['read:documents'] } })],
    ['whose organisation is no text', () => forger.token({ claims: { organization_id: [AURORA] } })],
    ['of type JWT', () => forger.token({ header: { typ: 'JWT' } })],
    ['of type logout+jwt', () => forger.token({ header: { typ: 'logout+jwt' } })],
    ['of no type, as an ID token', () => forger.token({ header: { typ: undefined } })],
    ['of a type that begins like ours', () => forger.token({ header: { typ: 'at+jwt2' } })],
    [
      'with extensions that nobody knows',
      async () => {
        const { header, claims } = await forger.unsigned();
        return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
          .setProtectedHeader({ ...header, alg: 'ES384', crit: ['x'], x: 1 })
          .sign((await forger.key()).privateKey, { crit: { x: true } });
      },
    ],
    ['that is unsigned (alg none)', async () => unsigned(await forger.unsigned())],
    [
      'signed with the client secret (HS256)',
      async () => signedWithSecret(await forger.unsigned(), issuer.client.secret),
    ],
    [
      'signed with the public key as a secret (HS256)',
      async () => signedWithSecret(await forger.unsigned(), JSON.stringify((await forger.key()).jwk)),
    ],
    [
      'signed with another key under the name of ours',
      async () => signedByAnother(await forger.unsigned(), await signingKey('ES384', 'other')),
    ],
    [
      'signed with a key that only the token itself knows',
      async () => {
        const { jwk, privateKey } = await signingKey('ES384', 'other');
        const { header, claims } = await forger.unsigned();
        return signed({ header: { ...header, jwk } }, claims, privateKey);
      },
    ],
    [
      'signed with an algorithm that Logto does not use, by a key that it lists (EdDSA)',
      async () => {
        const { header, claims } = await forger.unsigned({ header: { alg: 'EdDSA', kid: 'unusual' } });
        return signed({ header }, claims, unusualKey);
      },
    ],
    ['whose signature is broken', async () => withBrokenSignature(await forger.token())],
    ['without its signature', async () => `${(await forger.token()).split('.').slice(0, 2).join('.')}.`],
    ['whose claims were changed afterwards', async () => withClaims(await forger.token(), { sub: 'root' })],
    ['whose claims are a list', async () => withoutObject(await forger.unsigned(), [])],
    ['whose claims are null', async () => withoutObject(await forger.unsigned(), null)],
    ['with something behind it', async () => `${await forger.token()}.x`],
    ['with a space in it', async () => `${await forger.token()} x`],
    ['of ten kilobytes', async () => `${await forger.token()}${'A'.repeat(10_000)}`],
    ['that is garbage', async () => 'garbage'],
    ['that is two dots', async () => '..'],
    ['of characters that no token has', async () => '{"token":"\u00e9"}'],
  ];

  const withoutObject = async ({ header }: { header: Record<string, unknown> }, claims: unknown) =>
    signed({ header }, claims, (await forger.key()).privateKey);

  it.each(invalid)('are refused by every route that is not open: one %s', async (_, make) => {
    const token = await make();
    expect(await refusal('token/plain', `Bearer ${token}`)).toBe('401 auth.access_token_invalid');
    expect(await refusal('either/plain', `Bearer ${token}`, signedIn)).toBe('401 auth.access_token_invalid');
    for (const path of COLUMNS) {
      const expected = path === 'public' ? 200 : 401;
      expect({ path, status: (await ask(`token/${path}`, `Bearer ${token}`)).status }).toEqual({
        path,
        status: expected,
      });
    }
  });

  it.each([
    ['Basic credentials', `Basic ${Buffer.from('user:password').toString('base64')}`],
    ['another scheme that begins so', 'BearerX token'],
    ['DPoP', 'DPoP token'],
    ['a scheme without a token', 'Bearer'],
    ['nothing', ''],
  ])('cannot be replaced by %s', async (_, authorization) => {
    const unsupported = '401 auth.authorization_token_type_not_supported';
    expect(await refusal('token/plain', authorization)).toBe(unsupported);
    expect(await refusal('token/optional', authorization)).toBe(unsupported);
    expect((await ask('token/public', authorization)).status).toBe(200);
    expect(await refusal('either/plain', authorization)).toBe('401 auth.unauthorized');
    expect((await ask('either/plain', authorization, signedIn)).status).toBe(200);
  });

  it('count only in the header: not in the query, not in a cookie (RFC 6750 2.3)', async () => {
    const token = await forger.token();
    const missing = '401 auth.authorization_header_missing';
    expect(await refusal(`token/plain?access_token=${token}`)).toBe(missing);
    expect(await refusal(`token/plain?authorization=${encodeURIComponent(`Bearer ${token}`)}`)).toBe(missing);
    const browser = new Browser();
    browser.setCookie('localhost', 'authorization', `Bearer ${token}`);
    expect(await refusal('token/plain', undefined, browser)).toBe(missing);
    expect(await refusal('either/plain?access_token=x')).toBe('401 auth.unauthorized');
  });

  it('are refused when two come in one header', async () => {
    const token = await forger.token();
    expect(await refusal('token/plain', `Bearer ${token}, Bearer ${token}`)).toBe(
      '401 auth.access_token_invalid',
    );
  });

  it('are refused when a good one follows a bad one in a second header', async () => {
    const authorization = ['Bearer garbage', `Bearer ${await forger.token()}`];
    const status = await new Promise((resolve, reject) => {
      get(`${application.url}/token/plain`, { headers: { authorization } as never }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(401);
  });

  it('leave nothing of themselves in the answer', async () => {
    const token = await forger.token({
      claims: { sub: 'a very private subject', aud: 'https://other.test/' },
    });
    const response = await fetch(`${application.url}/token/plain`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.text()).toBe(
      '{"code":"auth.access_token_invalid","message":"The access token is not valid."}',
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('of a good kind and a bad one do not get into each other’s way', async () => {
    const [one, other] = [await forger.token(), await forger.token({ claims: { exp: now() - 60 } })];
    const statuses = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, index) => (await ask('token/plain', `Bearer ${index % 2 ? one : other}`)).status,
      ),
    );
    expect(statuses).toEqual(Array.from({ length: 40 }, (_, index) => (index % 2 ? 200 : 401)));
  });
});

/** The same header and signature around other claims. */
function withClaims(token: string, changes: object): string {
  const [header, claims = '', signature] = token.split('.');
  const changed = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), ...changes };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}
