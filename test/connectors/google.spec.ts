import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { callbackWith, CODE_CHALLENGE, instanceOf, refusalOf, REQUEST } from '../support/round-trip.js';
import { ADA, authorizationQuery, connector, googleAt, signIn } from './google-account.js';

let google: HostileIssuer;

beforeAll(async () => {
  google = await HostileIssuer.start({ authentication: 'post', algorithm: 'RS256' });
});

beforeEach(() => {
  google.behave();
  google.person = ADA;
  google.requests.length = 0;
});

afterAll(() => google.close());

describe("Google's authorization request", () => {
  const query = (config: Record<string, unknown> = {}, request: Partial<typeof REQUEST> = {}) =>
    authorizationQuery(googleAt(google, config), request);
  const keptQuery = (request: Partial<typeof REQUEST> = {}) =>
    authorizationQuery(googleAt(google, {}, true), request);

  // Beside Logto's parameters there are nonce and PKCE, and their order says nothing.
  it('Logto 2.3 row 1: has neither prompt nor access_type where nothing is configured', async () => {
    expect(await query()).toEqual({
      client_id: google.client.id,
      redirect_uri: REQUEST.redirectUri,
      response_type: 'code',
      state: REQUEST.state,
      nonce: REQUEST.nonce,
      scope: 'openid profile email',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  // A request adds to what is needed to know the person, where Logto lets it replace that.
  it('Logto 2.3 row 2: adds the scopes of a request, and to what was granted before', async () => {
    const calendar = 'https://www.googleapis.com/auth/calendar';
    expect(await query({}, { scope: [calendar] })).toMatchObject({
      scope: `openid profile email ${calendar}`,
      include_granted_scopes: 'true',
    });
  });

  it('Logto 2.7: a configured scope replaces the default', async () => {
    expect(await query({ scope: 'openid email' })).toMatchObject({ scope: 'openid email' });
  });

  it('Logto 2.7: asks for offline access where the vault keeps tokens or the configuration says so', async () => {
    expect(await keptQuery()).toMatchObject({ access_type: 'offline', include_granted_scopes: 'true' });
    expect(await query({ offlineAccess: true })).toMatchObject({ access_type: 'offline' });
    expect(await query({ offlineAccess: false })).not.toHaveProperty('access_type');
    expect(await query({ offlineAccess: true })).not.toHaveProperty('include_granted_scopes');
  });

  it.each([
    ['none where none is configured', [], false, undefined],
    ['the configured one', ['select_account'], false, 'select_account'],
    ['several, separated by spaces', ['login', 'consent'], false, 'login consent'],
    ['none at all by its name', ['none'], false, 'none'],
    ['CE-30: consent where no refresh token is held', [], true, 'consent'],
    ['CE-30: consent beside the configured one', ['select_account'], true, 'select_account consent'],
    ['CE-30: consent once', ['consent'], true, 'consent'],
    ['CE-30: consent and not none, which forbids it', ['none'], true, 'consent'],
  ])('Logto 2.7: has the prompt %s', async (_, prompts, consent, prompt) => {
    expect((await query({ prompts }, { consent }))['prompt']).toBe(prompt);
  });

  it('names the domain that is let in, and who the person says they are', async () => {
    const request = { loginHint: 'ada@example.com' };
    expect(await query({ hostedDomain: 'example.com' }, request)).toMatchObject({
      hd: 'example.com',
      login_hint: 'ada@example.com',
    });
  });

  it('cannot be made while Google cannot be found', async () => {
    const instance = instanceOf(connector, { clientId: 'our-app', issuer: 'http://127.0.0.1:9' });
    const refusal = await refusalOf(connector.authorizationUrl(instance, REQUEST));
    expect(refusal.code).toBe('connector.provider_unavailable');
  });
});

describe('a person of Google', () => {
  const identity = async () => (await signIn(googleAt(google))).identity;

  // Logto asks userinfo; here the verified ID token has said it all, so a userinfo that fails hurts nobody.
  it.each([
    ['Logto 2.3 row 5: with a userinfo that works', 200],
    ['Logto 2.3 row 7: with a userinfo that answers 401', 401],
    ['Logto 2.3 row 9: with a userinfo that answers 500', 500],
  ])('is who the ID token says, %s', async (_, status) => {
    google.bend({ answers: { userinfo: (good) => ({ ...good, status }) } });
    expect(await identity()).toEqual({
      issuer: google.url,
      subject: ADA.sub,
      name: 'Ada Lovelace',
      email: 'ada@gmail.com',
      emailVerified: true,
      emailAuthoritative: true,
      avatar: 'https://pictures.example/ada',
      rawData: ADA,
    });
    expect(google.requestsTo('userinfo')).toEqual([]);
  });

  it.each([
    ['Logto 2.7: an unverified address', { email_verified: false }, false, false],
    ['an address that is verified in words only', { email_verified: 'true' }, false, false],
    [
      'an unverified address of a domain',
      { email: 'a@example.com', hd: 'example.com', email_verified: false },
      false,
      false,
    ],
    ['an address of gmail.com', { email: 'Ada@GMAIL.com' }, true, true],
    ['an address of a Workspace domain', { email: 'ada@example.com', hd: 'example.com' }, true, true],
    ['an address of somebody else', { email: 'ada@example.com' }, true, false],
    ['an address of notgmail.com', { email: 'ada@notgmail.com' }, true, false],
    ['an address of gmail.com.evil.example', { email: 'ada@gmail.com.evil.example' }, true, false],
    ['no address', { email: undefined }, false, false],
  ])('has %s, and Google is believed as far as it goes', async (_, claims, verified, authoritative) => {
    google.person = { ...ADA, ...claims };
    expect(await identity()).toMatchObject({
      subject: ADA.sub,
      emailVerified: verified,
      emailAuthoritative: authoritative,
    });
  });

  it('may have neither name nor picture', async () => {
    google.person = { sub: ADA.sub, picture: 'http://pictures.example/ada', name: 7 };
    expect(await identity()).toMatchObject({ subject: ADA.sub, name: undefined, avatar: undefined });
  });

  it.each([
    ['of another domain', 'example.org'],
    ['of a domain that begins alike', 'example.com.evil'],
    ['of a domain below', 'sub.example.com'],
    ['of no domain', undefined],
  ])('%s is not let in where only example.com is, in the redirect flow', async (_, hd) => {
    google.person = { ...ADA, hd };
    const refusal = await refusalOf(signIn(googleAt(google, { hostedDomain: 'example.com' })));
    expect(refusal.code).toBe('auth.access_denied');
  });

  it('of the domain is let in', async () => {
    google.person = { ...ADA, email: 'ada@example.com', hd: 'example.com' };
    const { identity } = await signIn(googleAt(google, { hostedDomain: 'example.com' }));
    expect(identity).toMatchObject({ email: 'ada@example.com', emailAuthoritative: true });
  });
});

describe('a callback of Google', () => {
  const refusal = (parameters: Record<string, string>) =>
    refusalOf(connector.exchange(googleAt(google), callbackWith({ iss: google.url, ...parameters })));

  // Logto does not tell a cancelled sign-in from any other error.
  it.each([
    ['that says no is a cancelled sign-in', { error: 'access_denied' }, 'auth.access_denied'],
    ['that needs the person is no sign-in', { error: 'interaction_required' }, 'auth.access_denied'],
    ['with an error that we cannot name cannot be used', { error: 'else' }, 'auth.callback_invalid'],
    ['with neither code nor error cannot be used', {}, 'auth.callback_invalid'],
  ])('Logto 2.3 row 8: %s', async (_, parameters, code) => {
    expect((await refusal(parameters)).code).toBe(code);
    expect(google.requestsTo('token')).toEqual([]);
  });
});
