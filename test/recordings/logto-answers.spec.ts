import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LogtoClients } from '../../src/auth/logto/logto-clients.js';
import type { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { isLatchkeyError } from '../../src/common/errors.js';
import { LOGTO, Stage } from '../auth/stage.js';
import { Verdicts } from '../auth/verdicts.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import type { Bends, HostileIssuer } from '../support/hostile-issuer.js';
import { json, type Reaction } from '../support/hostile-issuer-http.js';
import { asLogto, profile, refusals, refusedBy, renewal } from './logto-answers.js';

const HOUR_SECONDS = 3600;
const verdicts = new Verdicts();

afterAll(() => verdicts.print());

/** The answers of a good Logto, but for this one. */
const but = (changes: Bends): Bends => ({
  ...asLogto,
  ...changes,
  answers: { ...asLogto.answers, ...changes.answers },
});

const answering = (endpoint: 'token' | 'userinfo' | 'revocation' | 'endSession', answer: Reaction): Bends =>
  but({ answers: { [endpoint]: () => answer } });

describe.each(platforms)('what Logto answers, on %s', (platform) => {
  let stage: Stage;
  let issuer: HostileIssuer;

  beforeAll(async () => {
    stage = await Stage.open(platform);
    issuer = stage.issuer(LOGTO);
  });

  afterAll(() => stage.close());

  afterEach(() => issuer.behave());

  const expectSeen = (row: string, expected: string, seen: string) => {
    verdicts.add(row, platform, expected, seen);
    expect(seen).toBe(expected);
  };

  async function signIn(): Promise<Browser> {
    issuer.bend(asLogto);
    const { browser, verdict } = await stage.attempt(LOGTO);
    expect(verdict).toBe('accepted');
    return browser;
  }

  const clientOf = (browser: Browser): LogtoClient => {
    const cookie = `latchkey=${browser.cookie('localhost', 'latchkey')}`;
    return stage.backend.get(LogtoClients).of({ headers: { cookie } });
  };

  it.each<[string, Bends, string]>([
    ['metadata, key set, ID token and UserInfo of a good sign-in', asLogto, 'accepted'],
    [
      'a scope that Logto ignores, and leaves out of its answer',
      but({ answers: { token: (good) => narrowed(good.body) } }),
      'accepted',
    ],
    [
      'login_required, where nobody is signed in there',
      but({ callback: refusedBy('login_required') }),
      '403 auth.access_denied',
    ],
    ['consent_required', but({ callback: refusedBy('consent_required') }), '403 auth.access_denied'],
    ['interaction_required', but({ callback: refusedBy('interaction_required') }), '403 auth.access_denied'],
    [
      'access_denied, where the person cancels',
      but({ callback: refusedBy('access_denied') }),
      '403 auth.access_denied',
    ],
    [
      'invalid_request, as for a challenge method that it does not take',
      but({ callback: refusedBy('invalid_request') }),
      '503 connector.misconfigured',
    ],
    ['invalid_scope', but({ callback: refusedBy('invalid_scope') }), '503 connector.misconfigured'],
    [
      'invalid_target, as for a resource that it does not know',
      but({ callback: refusedBy('invalid_target') }),
      '503 connector.misconfigured',
    ],
    [
      'an error in the fragment, which the browser keeps to itself',
      but({ callback: (parameters) => [...parameters.keys()].forEach((name) => parameters.delete(name)) }),
      '400 auth.state_invalid',
    ],
    [
      'a code that it does not know',
      answering('token', refusals.grant),
      '400 connector.social_auth_code_invalid',
    ],
    ['a client secret that is wrong', answering('token', refusals.client), '503 connector.misconfigured'],
    [
      'a client that says nothing of itself',
      answering('token', refusals.request),
      '502 connector.invalid_response',
    ],
    [
      'an access token that UserInfo does not know',
      answering('userinfo', refusals.token),
      '502 connector.social_invalid_access_token',
    ],
    [
      'no access token at UserInfo',
      answering('userinfo', refusals.noToken),
      '502 connector.social_invalid_access_token',
    ],
  ])('at a sign-in: %s', async (row, bends, expected) => {
    issuer.bend(bends);
    const { browser, verdict, answer } = await stage.attempt(LOGTO);
    issuer.behave();
    expectSeen(`sign-in: ${row}`, expected, verdict);
    expect(await stage.isSignedIn(browser)).toBe(expected === 'accepted');
    expect(JSON.stringify(answer.body)).not.toContain('words of the protocol');
    expect(stage.backend.logs.join('\n')).not.toContain('words of the protocol');
  });

  it('makes a user of the profile, for whom a picture that is null is none', async () => {
    const { body } = await (await signIn()).json(`${stage.backend.url}/api/me`);
    const { name, email } = profile;
    expect(body).toEqual({ id: expect.any(String), name, email, emailVerified: true });
  });

  /** An ID token of the person that is a second younger than one of now. */
  async function laterIdToken(): Promise<{ idToken: string; iat: number }> {
    const { sub } = issuer.person;
    const { header, claims } = issuer.logoutToken({ sub });
    const { iss, aud, exp } = claims;
    const iat = Number(claims.iat) + 1;
    const token = { header: { ...header, typ: undefined }, claims: { ...profile, sub, iss, aud, iat, exp } };
    return { idToken: await issuer.sign(token), iat };
  }

  it('renews an access token, and what comes with it takes the place of the former', async () => {
    const browser = await signIn();
    const client = clientOf(browser);
    const before = await client.getIdTokenClaims();
    stage.backend.clock.advance(HOUR_SECONDS);
    const { idToken, iat } = await laterIdToken();
    issuer.bend(answering('token', renewal(idToken)));
    const asked = issuer.requestsTo('token').length;
    const tokens = [await client.getAccessToken(), await client.getAccessToken()].map((token) =>
      token.reveal(),
    );
    expectSeen(
      'refresh: a rotated refresh token and a new ID token',
      'a renewed access token',
      [...new Set(tokens)].join(),
    );
    expect(issuer.requestsTo('token')).toHaveLength(asked + 1);
    expect((await client.getIdTokenClaims()).iat).toBe(iat);
    expect(before.iat).not.toBe(iat);

    stage.backend.clock.advance(HOUR_SECONDS);
    await client.getAccessToken();
    expect(issuer.requestsTo('token').at(-1)?.form.get('refresh_token')).toBe('a rotated refresh token');
  });

  it.each([
    ['a refresh token that it does not know', refusals.grant, 'reauthorization_required'],
    ['a client secret that is wrong', refusals.client, 'connector.misconfigured'],
    ['a request that it does not understand', refusals.request, 'connector.invalid_response'],
  ])('at a refresh: %s', async (row, answer, expected) => {
    const browser = await signIn();
    stage.backend.clock.advance(HOUR_SECONDS);
    issuer.bend(answering('token', answer));
    const seen = await outcomeOf(() => clientOf(browser).getAccessToken());
    expectSeen(`refresh: ${row}`, expected, seen);
    expect(await stage.isSignedIn(browser)).toBe(true);
    const asked = issuer.requestsTo('token').length;
    await outcomeOf(() => clientOf(browser).getAccessToken());
    // A refresh token that Logto has refused is never sent again; one that it could not judge is.
    const isSpent = expected === 'reauthorization_required';
    expect(issuer.requestsTo('token')).toHaveLength(asked + (isSpent ? 0 : 1));
  });

  it('at UserInfo, later on: everything that Logto says of the person', async () => {
    const client = clientOf(await signIn());
    const seen = await client.fetchUserInfo();
    expect(seen).toMatchObject({ ...profile, sub: issuer.person.sub, sso_identities: [] });
    expectSeen('UserInfo later: the person', profile.name, String(seen['name']));
  });

  it.each<[string, number, string]>([
    ['a token that it does not know any more, and a renewed one that it does', 1, profile.name],
    ['a token that it does not know, renewed or not', Infinity, 'connector.social_invalid_access_token'],
  ])('at UserInfo, later on: %s', async (row, times, expected) => {
    const client = clientOf(await signIn());
    const { idToken } = await laterIdToken();
    const { sub } = issuer.person;
    const endpoints = ['token', 'userinfo'] as const;
    const asked = endpoints.map((endpoint) => issuer.requestsTo(endpoint).length);
    let refused = 0;
    const userinfo = () => (refused++ < times ? refusals.token : json({ ...profile, sub }));
    issuer.bend(but({ answers: { token: () => renewal(idToken), userinfo } }));
    const seen = await outcomeOf(async () => (await client.fetchUserInfo())['name']);
    expectSeen(`UserInfo later: ${row}`, expected, seen);
    expect(endpoints.map((endpoint, at) => issuer.requestsTo(endpoint).length - Number(asked[at]))).toEqual([
      1, 2,
    ]);
  });

  it.each<[string, Bends, string]>([
    ['an empty text for a revocation', asLogto, 'signed out, nothing logged'],
    [
      'a client that it does not know, at the revocation',
      answering('revocation', refusals.client),
      'signed out, logged',
    ],
    [
      'a way back that is not registered',
      answering('endSession', refusals.request),
      'signed out, nothing logged',
    ],
  ])('at a sign-out: %s', async (row, bends, expected) => {
    const browser = await signIn();
    const { html } = await browser.open(`${stage.backend.url}/`);
    const proof = /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';
    issuer.bend(bends);
    const logged = stage.backend.logs.length;
    await browser.open(`${stage.backend.url}/auth/sign-out`, {
      method: 'POST',
      body: new URLSearchParams({ csrf_token: proof }),
    });
    const fate = (await stage.isSignedIn(browser)) ? 'still signed in' : 'signed out';
    const log = stage.backend.logs.slice(logged).some((line) => line.includes('could not be ended'));
    expectSeen(`sign-out: ${row}`, expected, `${fate}, ${log ? 'logged' : 'nothing logged'}`);
  });
});

/** Without the scope that it was asked for and does not know. */
const narrowed = (body: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ ...(JSON.parse(body) as object), scope: 'openid' }),
});

/** The code of the error, or what came instead. */
async function outcomeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    return String(await action());
  } catch (error) {
    return isLatchkeyError(error) ? error.code : String(error);
  }
}
