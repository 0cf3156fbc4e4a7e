import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser, tickedBoxes } from './browser.js';
import { applicationUrl } from './relying-party.js';
import { basic, goThrough, newPkce, pageAt, withParameters } from './visiting.js';

const callback = `${applicationUrl}/callback/x`;
const SCOPE = 'tweet.read users.read users.email offline.access';
const invalidToken = {
  error: 'invalid_request',
  error_description: 'Value passed for the token was invalid.',
};

let sandbox: Sandbox;
let reusedBefore: number;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  // Nobody’s calls of an earlier test count in this one.
  sandbox.advance(15 * 60);
  reusedBefore = sandbox.reusedXRefreshTokens();
});

const reused = () => sandbox.reusedXRefreshTokens() - reusedBefore;

type Fields = Readonly<Record<string, string | undefined>>;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly [name: string]: unknown;
}

const { verifier, challenge } = newPkce();

const authorizationUrl = (parameters: Fields = {}): URL =>
  withParameters(`${sandbox.x.endpoint}/i/oauth2/authorize`, {
    response_type: 'code',
    client_id: sandbox.x.clientId,
    redirect_uri: callback,
    scope: SCOPE,
    state: 'xyz',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  });

const credentials = () => basic(sandbox.x.clientId, sandbox.x.clientSecret);

async function post(path: string, form: Record<string, string>, authorization?: string): Promise<Answer> {
  const headers = authorization === undefined ? undefined : { authorization };
  const body = new URLSearchParams(form);
  const answer = await fetch(`${sandbox.x.apiEndpoint}${path}`, { method: 'POST', headers, body });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}

const codeFor = async (persona: string, parameters: Fields = {}): Promise<string> =>
  (await goThrough(authorizationUrl(parameters), { persona })).searchParams.get('code') ?? '';

const redeem = (code: string, changes: Record<string, string> = {}, authorization = credentials()) =>
  post(
    '/2/oauth2/token',
    { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier, ...changes },
    authorization,
  );

const refresh = (token: string) =>
  post('/2/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }, credentials());

async function signIn(persona: string, parameters: Fields = {}): Promise<Tokens> {
  const { status, body } = await redeem(await codeFor(persona, parameters));
  expect(status).toBe(200);
  return body as Tokens;
}

async function me(token: string, fields?: string): Promise<Answer> {
  const url = withParameters(`${sandbox.x.apiEndpoint}/2/users/me`, { 'user.fields': fields });
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}

const refreshed = async (token: string): Promise<Tokens> => (await refresh(token)).body as Tokens;

describe('the authorization page of X', () => {
  it('calls back with code and state', async () => {
    const url = await goThrough(authorizationUrl(), { persona: 'alice' });
    expect(url.origin + url.pathname).toBe(callback);
    expect(Object.fromEntries(url.searchParams)).toEqual({ state: 'xyz', code: expect.any(String) });
  });

  it.each([
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['without state', { state: undefined }],
    ['with a state of 501 characters', { state: 's'.repeat(501) }],
    ['of an unknown client', { client_id: 'nobody' }],
    ['with a redirect URI that is not exactly the registered one', { redirect_uri: `${callback}/` }],
    ['without scope', { scope: undefined }],
    ['with another response type', { response_type: 'token' }],
  ])('answers a request %s on a page', async (_case, parameters: Fields) => {
    const page = await pageAt(authorizationUrl(parameters));
    expect([page.status, page.location]).toEqual([400, null]);
    expect(page.body).toContain('weren’t able to give access');
  });

  it('takes a state of 500 characters, and gives it back', async () => {
    const url = await goThrough(authorizationUrl({ state: 's'.repeat(500) }), { persona: 'alice' });
    expect(url.searchParams.get('state')).toHaveLength(500);
  });

  it.each(['presses Cancel', 'is somebody who cancels'])(
    'tells the client when the person %s',
    async (way) => {
      const browser = new Browser(sandbox.url);
      const page = await browser.get(authorizationUrl().href);
      const end =
        way === 'presses Cancel' ? browser.press(page, 'cancel') : browser.press(page, 'persona', 'carla');
      expect(Object.fromEntries(new URL((await end).url).searchParams)).toEqual({
        error: 'access_denied',
        state: 'xyz',
      });
    },
  );

  it('lets a person leave out e-mail address and offline access, and asks each time', async () => {
    await signIn('alice');
    const browser = new Browser(sandbox.url);
    const page = await browser.press(await browser.get(authorizationUrl().href), 'persona', 'alice');
    expect(tickedBoxes(page.body)).toEqual(['scope users.email', 'scope offline.access']);
    const end = await browser.press(page, 'allow', 'yes', ['scope users.email']);
    const { body } = await redeem(new URL(end.url).searchParams.get('code') ?? '');
    expect(body).toMatchObject({
      scope: 'tweet.read users.read offline.access',
      refresh_token: expect.any(String),
    });
    expect(await signIn('uma')).toMatchObject({ scope: 'tweet.read users.read' });
  });
});

describe('the token endpoint of X', () => {
  it('answers with two hours, scopes separated by spaces, and a refresh token for offline.access alone', async () => {
    expect(await signIn('alice')).toEqual({
      token_type: 'bearer',
      expires_in: 7200,
      access_token: expect.any(String),
      scope: SCOPE,
      refresh_token: expect.any(String),
    });
    expect(await signIn('alice', { scope: 'tweet.read users.read' })).not.toHaveProperty('refresh_token');
  });

  it('takes Basic authentication and nothing else', async () => {
    const { clientId, clientSecret } = sandbox.x;
    const inForm = { client_id: clientId, client_secret: clientSecret };
    for (const authorization of ['', basic(clientId, 'wrong'), basic('nobody', clientSecret)]) {
      expect(await redeem('code', inForm, authorization)).toMatchObject({
        status: 401,
        body: { error: 'unauthorized_client' },
      });
    }
  });

  it('redeems a code for 30 seconds', async () => {
    const codes = [await codeFor('alice'), await codeFor('alice')];
    sandbox.advance(10);
    expect((await redeem(codes[0] ?? '')).status).toBe(200);
    sandbox.advance(20);
    expect(await redeem(codes[1] ?? '')).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: 'Value passed for the authorization code was invalid.',
      },
    });
  });

  it('redeems a code once, however many ask', async () => {
    const code = await codeFor('alice');
    const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
  });

  it.each([
    ['another verifier', { code_verifier: newPkce().verifier }, 'code verifier did not match'],
    ['another redirect URI', { redirect_uri: `${applicationUrl}/` }, 'redirect uri did not match'],
    ['an unknown grant type', { grant_type: 'password' }, 'grant type was invalid'],
  ])('refuses %s', async (_case, changes: Record<string, string>, description) => {
    expect(await redeem(await codeFor('alice'), changes)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringContaining(description) },
    });
  });

  it('names a parameter that is missing', async () => {
    const form = { grant_type: 'authorization_code', code: await codeFor('alice'), redirect_uri: callback };
    expect((await post('/2/oauth2/token', form, credentials())).body).toEqual({
      error: 'invalid_request',
      error_description: 'Missing required parameter [code_verifier].',
    });
  });

  it('takes a plain challenge, which it assumes when no method is told', async () => {
    const plain = { code_challenge: verifier, code_challenge_method: 'plain' };
    expect((await redeem(await codeFor('alice', plain))).status).toBe(200);
    const untold = { code_challenge: verifier, code_challenge_method: undefined };
    expect((await redeem(await codeFor('alice', untold))).status).toBe(200);
  });
});

describe('refresh tokens of X', () => {
  it('are used once, and each refresh brings a new pair', async () => {
    const first = await signIn('alice');
    const second = await refreshed(first.refresh_token);
    expect(second).toMatchObject({ expires_in: 7200, scope: SCOPE });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect((await refresh(second.refresh_token)).status).toBe(200);
    expect(reused()).toBe(0);
  });

  it('end their whole family when one that was used comes again (CE-24)', async () => {
    const first = await signIn('alice');
    const other = await signIn('alice');
    const second = await refreshed(first.refresh_token);
    const third = await refreshed(second.refresh_token);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, body: invalidToken });
    expect(reused()).toBe(1);
    expect(await refresh(third.refresh_token)).toMatchObject({ status: 400, body: invalidToken });
    for (const { access_token: token } of [first, second, third]) expect((await me(token)).status).toBe(401);
    expect(reused()).toBe(1);
    await refresh(second.refresh_token);
    expect(reused()).toBe(2);
    expect((await refresh(other.refresh_token)).status).toBe(200);
  });

  it('are won by one of those who ask at the same time, to no avail', async () => {
    const { refresh_token: token } = await signIn('alice');
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(token)));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect((await refresh(String(won[0]?.body['refresh_token']))).status).toBe(400);
    expect(reused()).toBe(4);
  });

  it('live for half a year, and are refused alike when expired and when made up', async () => {
    const { refresh_token: token } = await signIn('alice');
    sandbox.advance(182 * 24 * 3600);
    const { refresh_token: next } = await refreshed(token);
    sandbox.advance(183 * 24 * 3600);
    for (const gone of [next, 'made-up'])
      expect(await refresh(gone)).toMatchObject({ status: 400, body: invalidToken });
  });

  it('die with their family when revoked, as access tokens do alone', async () => {
    const tokens = await signIn('alice');
    expect((await post('/2/oauth2/revoke', { token: tokens.access_token })).status).toBe(401);
    const answer = await post('/2/oauth2/revoke', { token: tokens.access_token }, credentials());
    expect([answer.status, answer.body]).toEqual([200, { revoked: true }]);
    expect((await me(tokens.access_token)).status).toBe(401);
    const second = await refreshed(tokens.refresh_token);
    await post('/2/oauth2/revoke', { token: second.refresh_token }, credentials());
    expect((await me(second.access_token)).status).toBe(401);
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 400, body: invalidToken });
    expect(reused()).toBe(0);
  });

  it('die when the person revokes them, and those of others live on', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    sandbox.revokeGrants('x', 'alice');
    expect(await refresh(alice.refresh_token)).toMatchObject({ status: 400, body: invalidToken });
    expect((await me(alice.access_token)).status).toBe(401);
    expect((await refresh(bob.refresh_token)).status).toBe(200);
  });
});

describe('the API of X', () => {
  it('tells id, name and username, and further fields when asked', async () => {
    const { access_token: token } = await signIn('alice');
    const always = { id: '1480297716503846912', name: 'Alice Arden', username: 'alicearden' };
    expect((await me(token)).body).toEqual({ data: always });
    expect((await me(token, 'confirmed_email,profile_image_url,verified')).body).toEqual({
      data: {
        ...always,
        confirmed_email: 'alice@example.test',
        profile_image_url: expect.stringMatching(/^https:/),
        verified: false,
      },
    });
  });

  it.each([
    ['without its scope', 'alice', 'tweet.read users.read'],
    ['that is not confirmed', 'bob', SCOPE],
    ['that nobody has', 'noor', SCOPE],
  ])('tells no address %s (CE-27)', async (_case, persona, scope) => {
    const { access_token: token } = await signIn(persona, { scope });
    const { status, body } = await me(token, 'confirmed_email');
    expect([status, body['data']]).toEqual([
      200,
      expect.not.objectContaining({ confirmed_email: expect.anything() }),
    ]);
  });

  it('answers problems as application/problem+json', async () => {
    const { access_token: token } = await signIn('alice', { scope: 'tweet.read' });
    for (const [answer, status, title] of [
      [await me('made-up'), 401, 'Unauthorized'],
      [await me(token), 403, 'Forbidden'],
    ] as const) {
      expect(answer).toMatchObject({ status, body: { title, type: 'about:blank', status, detail: title } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    const unknown = await me((await signIn('alice')).access_token, 'shoe_size');
    expect(unknown).toMatchObject({
      status: 400,
      body: { title: 'Invalid Request', errors: [expect.anything()] },
    });
  });

  it('ends access tokens after two hours', async () => {
    const { access_token: token } = await signIn('alice');
    sandbox.advance(7100);
    expect((await me(token)).status).toBe(200);
    sandbox.advance(100);
    expect((await me(token)).status).toBe(401);
  });

  it('takes 75 calls of a person in 15 minutes, and counts them down (CE-25)', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const first = await me(alice.access_token);
    expect([first.headers.get('x-rate-limit-limit'), first.headers.get('x-rate-limit-remaining')]).toEqual([
      '75',
      '74',
    ]);
    for (let call = 1; call < 75; call++) expect((await me(alice.access_token)).status).toBe(200);
    const exceeded = await me(alice.access_token);
    expect(exceeded).toMatchObject({ status: 429, body: { title: 'Too Many Requests', status: 429 } });
    expect(exceeded.headers.get('x-rate-limit-remaining')).toBe('0');
    expect((await me(bob.access_token)).status).toBe(200);
    const reset = Number(exceeded.headers.get('x-rate-limit-reset'));
    const { now } = (await (await fetch(`${sandbox.url}/clock`)).json()) as { now: number };
    sandbox.advance(reset - now);
    expect((await me(alice.access_token)).status).toBe(200);
  });
});
