import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { HttpClient, type Fetch } from '../../src/common/http-client.js';
import { GoogleConnector } from '../../src/connectors/providers/google.connector.js';
import {
  signed,
  signedByAnother,
  signedWithSecret,
  signingKey,
  unsigned,
  withBrokenSignature,
} from '../support/hostile-issuer-keys.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { instanceOf, refusalOf, REQUEST, StoppedClock } from '../support/round-trip.js';
import { DROP } from '../support/hostile-issuer-http.js';
import { ADA, connector, googleAt } from './google-account.js';

const GOOGLE = 'https://accounts.google.com';
const CERTIFICATES = 'https://www.googleapis.com/oauth2/v3/certs';

let google: HostileIssuer;
const key = await signingKey('RS256');

beforeAll(async () => {
  google = await HostileIssuer.start({ authentication: 'post', algorithm: 'RS256' });
});

beforeEach(() => google.behave());

afterAll(() => google.close());

const now = () => Math.floor(Date.now() / 1000);

/** A credential as Google posts it, with other claims in some places, before it is signed. */
const credential = (more: JWTPayload = {}) => ({
  header: { alg: key.algorithm, kid: key.kid, typ: 'JWT' },
  claims: {
    iss: google.url,
    azp: google.client.id,
    aud: google.client.id,
    ...ADA,
    nonce: REQUEST.nonce,
    nbf: now() - 300,
    iat: now(),
    exp: now() + 3600,
    jti: 'a-jti',
    ...more,
  },
});

const sign = (token: ReturnType<typeof credential>) => signed(token, token.claims, key.privateKey);

const verify = async (token: string, config: Record<string, unknown> = {}) =>
  connector.verifyCredential(googleAt(google, config), token, REQUEST.nonce);

describe('a credential of Google One Tap', () => {
  it('Logto 2.3 row 6: tells who somebody is, and no request is needed but for the keys', async () => {
    google.requests.length = 0;
    expect(await verify(await sign(credential()))).toEqual({
      issuer: google.url,
      subject: ADA.sub,
      name: 'Ada Lovelace',
      email: 'ada@gmail.com',
      emailVerified: true,
      emailAuthoritative: true,
      avatar: 'https://pictures.example/ada',
      rawData: ADA,
    });
    expect(google.requests.map(({ endpoint }) => endpoint)).toEqual(['discovery', 'jwks']);
  });

  it('OT-16: may carry claims that nobody knows', async () => {
    const known = await verify(await sign(credential({ select_by: 'btn', future: { claim: true } })));
    expect(known).toMatchObject({ subject: ADA.sub, rawData: { ...ADA, future: { claim: true } } });
  });

  it.each([
    ['OT-05: another audience', { aud: 'another-client', azp: 'another-client' }],
    ['OT-05: another audience and no party', { aud: 'another-client', azp: undefined }],
    ['OT-05: no audience', { aud: undefined }],
    ['OT-05: another audience beside us', { aud: ['latchkey:client', 'another-client'] }],
    ['OT-05: another party', { azp: 'another-client' }],
    ['OT-07: another issuer', { iss: 'https://accounts.google.com.evil.example' }],
    ["OT-07: Google's short name where another issuer is configured", { iss: 'accounts.google.com' }],
    ['OT-07: no issuer', { iss: undefined }],
    ['OT-07: an end in the past', { exp: now() - 60 }],
    ['OT-07: no end', { exp: undefined }],
    ['OT-07: an issue too long ago', { iat: now() - 7200 }],
    ['OT-07: an issue in the future', { iat: now() + 7200 }],
    ['OT-08: another nonce', { nonce: 'the-nonce-of-another-page' }],
    ['OT-08: no nonce', { nonce: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
  ] satisfies [string, JWTPayload][])('Logto 2.7: is refused with %s', async (_, claims) => {
    const refusal = await refusalOf(verify(await sign(credential(claims))));
    expect(refusal.code).toBe('auth.id_token_invalid');
  });

  it.each([
    ['a broken signature', async () => withBrokenSignature(await sign(credential()))],
    [
      'the signature of another key',
      async () => signedByAnother(credential(), await signingKey('RS256', 'other')),
    ],
    ['the signature of our own secret', async () => signedWithSecret(credential(), google.client.secret)],
    ['no signature', async () => unsigned(credential())],
    ['no form at all', async () => 'nonsense'],
    ['nothing', async () => ''],
  ])('OT-07: is refused with %s', async (_, token) => {
    expect((await refusalOf(verify(await token()))).code).toBe('auth.id_token_invalid');
  });

  it.each([
    ['another domain', 'example.org'],
    ['no domain', undefined],
    ['a domain that begins alike', 'example.com.evil'],
  ])('OT-12: of %s is not let in where only example.com is', async (_, hd) => {
    const token = await sign(credential({ hd }));
    const refusal = await refusalOf(verify(token, { hostedDomain: 'example.com' }));
    expect(refusal.code).toBe('auth.access_denied');
  });

  it('OT-12: of the domain is let in', async () => {
    const token = await sign(credential({ hd: 'example.com', email: 'ada@example.com' }));
    expect(await verify(token, { hostedDomain: 'example.com' })).toMatchObject({ emailAuthoritative: true });
  });

  it.each([
    ['OT-10: an unverified address', { email_verified: false }, false],
    ['OT-11: a verified address of somebody else', { email: 'ada@example.com' }, true],
  ])('brings %s, by which no accounts are joined', async (_, claims, emailVerified) => {
    expect(await verify(await sign(credential(claims)))).toMatchObject({
      emailVerified,
      emailAuthoritative: false,
    });
  });

  it("cannot be judged while Google's keys cannot be had", async () => {
    google.bend({ answers: { jwks: () => DROP } });
    expect((await refusalOf(verify(await sign(credential())))).code).toBe('connector.provider_unavailable');
  });
});

/** Answers in Google's name, and lets nothing else out. */
class HttpClientToGoogle extends HttpClient {
  override readonly fetch: Fetch = async (url) => {
    const body = answersOfGoogle[String(url)];
    return body ? Response.json(body) : new Response(null, { status: 404 });
  };

  override guarded(): Fetch {
    return this.fetch;
  }
}

const answersOfGoogle: Readonly<Record<string, unknown>> = {
  [`${GOOGLE}/.well-known/openid-configuration`]: {
    issuer: GOOGLE,
    authorization_endpoint: `${GOOGLE}/o/oauth2/v2/auth`,
    token_endpoint: 'https://oauth2.googleapis.com/token',
    userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
    jwks_uri: CERTIFICATES,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  },
  [CERTIFICATES]: { keys: [key.jwk] },
};

describe('Google where no issuer is configured', () => {
  const real = new GoogleConnector(new HttpClientToGoogle(), new StoppedClock());
  const instance = instanceOf(real, { clientId: 'our-app' });
  const verifyFrom = async (iss: string) => {
    const token = await sign(credential({ iss, aud: 'our-app', azp: 'our-app' }));
    return real.verifyCredential(instance, token, REQUEST.nonce);
  };

  it('is where Google says', async () => {
    const url = await real.authorizationUrl(instance, REQUEST);
    expect(url.origin + url.pathname).toBe(`${GOOGLE}/o/oauth2/v2/auth`);
  });

  it.each([GOOGLE, 'accounts.google.com'])(
    'OT-07: is the same issuer of a credential in both spellings: %s',
    async (iss) => {
      expect(await verifyFrom(iss)).toMatchObject({ issuer: GOOGLE, subject: ADA.sub });
    },
  );

  it.each(['http://accounts.google.com', `${GOOGLE}/`, 'google.com'])(
    'OT-07: is no issuer in any other: %s',
    async (iss) => {
      expect((await refusalOf(verifyFrom(iss))).code).toBe('auth.id_token_invalid');
    },
  );
});

describe("Google's prompt on our own page", () => {
  it.each([
    ['is absent where nothing is configured', undefined],
    ['is absent where it is switched off', { isEnabled: false, autoSelect: true }],
  ])('%s', (_, oneTap) => {
    expect(connector.oneTap(googleAt(google, { oneTap }))).toBeUndefined();
  });

  it('behaves as it is configured', () => {
    const oneTap = { isEnabled: true, autoSelect: true, closeOnTapOutside: false, itpSupport: false };
    const { clientId } = google.google;
    expect(connector.oneTap(googleAt(google, { oneTap }))).toEqual({
      scriptUrl: `${google.url}/gsi/client`,
      clientId,
      autoSelect: true,
      closeOnTapOutside: false,
      itpSupport: false,
    });
    expect(connector.oneTap(googleAt(google, { oneTap: { isEnabled: true } }))).toMatchObject({
      autoSelect: false,
      closeOnTapOutside: true,
      itpSupport: true,
    });
  });
});
