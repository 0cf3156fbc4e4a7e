import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl } from './relying-party.js';
import { basic, goThrough, newPkce, pageAt, withParameters } from './visiting.js';

const callback = `${applicationUrl}/callback/github`;
const mailing = { clientId: 'mailing', clientSecret: 'mailing-secret', redirectUris: [callback] };

let sandbox: Sandbox;

beforeAll(async () => {
  const clients = [{ ...mailing, githubApp: { emailPermission: true } }];
  sandbox = await startSandbox({ port: 0, applicationUrl, clients });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  for (const persona of ['alice', 'bob', 'zoe', 'noor']) sandbox.revokeGrants('github', persona);
});

type Fields = Readonly<Record<string, string | undefined>>;

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const authorizationUrl = (parameters: Fields = {}): URL =>
  withParameters(`${sandbox.github.endpoint}/login/oauth/authorize`, {
    client_id: sandbox.github.clientId,
    redirect_uri: callback,
    scope: 'read:user user:email',
    state: 'xyz',
    ...parameters,
  });

const codeFor = async (persona: string, parameters: Fields = {}): Promise<string> =>
  (await goThrough(authorizationUrl(parameters), { persona })).searchParams.get('code') ?? '';

const ask = (
  form: Record<string, string>,
  headers: Record<string, string> = { accept: 'application/json' },
) =>
  fetch(`${sandbox.github.endpoint}/login/oauth/access_token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });

async function exchange(
  form: Record<string, string>,
  { clientId, clientSecret }: Credentials = sandbox.github,
): Promise<Record<string, unknown>> {
  const answer = await ask({ client_id: clientId, client_secret: clientSecret, ...form });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

async function signIn(
  persona: string,
  parameters: Fields = {},
  client: Credentials = sandbox.github,
): Promise<Record<string, unknown> & { access_token: string; refresh_token: string }> {
  const code = await codeFor(persona, { ...parameters, client_id: client.clientId });
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    ...rest
  } = await exchange({ code }, client);
  return { ...rest, access_token: String(accessToken), refresh_token: String(refreshToken) };
}

const api = (path: string, token?: string, headers: Record<string, string> = {}) =>
  fetch(`${sandbox.github.apiEndpoint}${path}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  });

const refresh = (refreshToken: string) =>
  exchange({ grant_type: 'refresh_token', refresh_token: refreshToken }, sandbox.githubApp);

describe('the authorization page of GitHub', () => {
  it('calls back with code and state', async () => {
    const url = await goThrough(authorizationUrl(), { persona: 'alice' });
    expect(url.origin + url.pathname).toBe(callback);
    expect(Object.fromEntries(url.searchParams)).toEqual({ code: expect.any(String), state: 'xyz' });
  });

  it('uses the registered redirect URI when none is asked for', async () => {
    const url = await goThrough(authorizationUrl({ redirect_uri: undefined }), { persona: 'alice' });
    expect(url.origin + url.pathname).toBe(callback);
  });

  it.each([
    ['below the registered one', `${callback}/github-2`, 200],
    ['elsewhere', `${applicationUrl}/elsewhere`, 400],
    ['that begins alike', `${callback}-2`, 400],
    ['on another host', 'https://evil.example/callback/github', 400],
  ])('answers a redirect URI %s on a page of its own or not at all', async (_case, uri, status) => {
    const page = await pageAt(authorizationUrl({ redirect_uri: uri }));
    expect([page.status, page.location]).toEqual([status, null]);
    expect(page.body.includes('redirect_uri_mismatch')).toBe(status === 400);
  });

  it('calls a GitHub App back at its registered URLs exactly', async () => {
    const url = authorizationUrl({
      client_id: sandbox.githubApp.clientId,
      redirect_uri: `${callback}/below`,
    });
    expect((await pageAt(url)).status).toBe(400);
  });

  it('answers an unknown client on a page', async () => {
    expect(await pageAt(authorizationUrl({ client_id: 'nobody' }))).toMatchObject({
      status: 400,
      location: null,
    });
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
        error_description: 'The user has denied your application access.',
        error_uri: expect.stringMatching(/^https:\/\/docs\.github\.com\/.*access-denied$/),
        state: 'xyz',
      });
    },
  );

  it('lets nobody untick a scope', async () => {
    expect(await signIn('uma')).toMatchObject({ scope: 'read:user,user:email' });
  });

  it('asks once, and again for scopes that were not authorized', async () => {
    const asks = async (scope: string) => {
      const browser = new Browser(sandbox.url);
      const page = await browser.get(authorizationUrl({ scope }).href);
      return (await browser.press(page, 'persona', 'alice')).body.includes('name="allow"');
    };
    expect(await asks('user')).toBe(true);
    await signIn('alice', { scope: 'user' });
    expect(await asks('user')).toBe(false);
    expect(await asks('user:email')).toBe(false);
    expect(await asks('user gist')).toBe(true);
  });

  it('refuses a plain code challenge', async () => {
    const url = authorizationUrl({ code_challenge: 'c'.repeat(43), code_challenge_method: 'plain' });
    const { location } = await pageAt(url);
    expect(new URL(location ?? '').searchParams.get('error')).toBe('invalid_request');
  });
});

describe('the token endpoint of GitHub', () => {
  it('answers an OAuth App with a token that never expires, and with scopes separated by commas', async () => {
    const code = await codeFor('alice');
    const tokens = await exchange({ code });
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^gho_/),
      scope: 'read:user,user:email',
      token_type: 'bearer',
    });
    sandbox.advance(366 * 24 * 3600);
    expect((await api('/user', String(tokens['access_token']))).status).toBe(200);
  });

  it('answers form-encoded unless asked for JSON, errors too (CE-02)', async () => {
    const { clientId, clientSecret } = sandbox.github;
    const form = { client_id: clientId, client_secret: clientSecret, code: await codeFor('alice') };
    const answer = await ask(form, { accept: '*/*' });
    expect(answer.headers.get('content-type')).toContain('application/x-www-form-urlencoded');
    expect(await answer.text()).toMatch(
      /^access_token=gho_[\w-]+&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer$/,
    );
    const refused = await ask(form, {});
    expect([refused.status, await refused.text()]).toEqual([
      200,
      expect.stringMatching(/^error=bad_verification_code&error_description=The%20code/),
    ]);
  });

  it('gives all scopes authorized before to whoever asks for none, and leaves out what another includes', async () => {
    expect(await signIn('alice', { scope: '' })).toMatchObject({ scope: '' });
    await signIn('alice', { scope: 'gist' });
    await signIn('alice', { scope: 'user,user:email' });
    expect(await signIn('alice', { scope: '' })).toMatchObject({ scope: 'gist,user' });
    expect(await signIn('alice', { scope: undefined })).toMatchObject({ scope: 'gist,user' });
    expect(await signIn('alice', { scope: 'gist' })).toMatchObject({ scope: 'gist' });
  });

  it.each([
    ['an unknown code', { code: 'unknown' }, 'bad_verification_code'],
    ['a wrong secret', { client_secret: 'wrong' }, 'incorrect_client_credentials'],
    ['an unknown client', { client_id: 'nobody' }, 'incorrect_client_credentials'],
    ['another redirect URI', { redirect_uri: `${applicationUrl}/` }, 'redirect_uri_mismatch'],
    ['an unknown refresh token', { grant_type: 'refresh_token', refresh_token: 'x' }, 'bad_refresh_token'],
    ['an unknown grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('refuses %s with status 200 (CE-01, CE-04)', async (_case, changes: Record<string, string>, error) => {
    const code = await codeFor('alice');
    expect(await exchange({ code, ...changes })).toEqual({
      error,
      error_description: expect.any(String),
      error_uri: expect.stringContaining('https://docs.github.com/'),
    });
  });

  it('redeems a code once, however many ask', async () => {
    const code = await codeFor('alice');
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange({ code })));
    expect(answers.filter((answer) => 'access_token' in answer)).toHaveLength(1);
    expect(answers.filter((answer) => answer['error'] === 'bad_verification_code')).toHaveLength(9);
  });

  it('redeems a code for ten minutes', async () => {
    const codes = [await codeFor('alice'), await codeFor('alice')];
    sandbox.advance(540);
    expect(await exchange({ code: codes[0] ?? '' })).toHaveProperty('access_token');
    sandbox.advance(60);
    expect(await exchange({ code: codes[1] ?? '' })).toMatchObject({ error: 'bad_verification_code' });
  });

  it('redeems a code for the client that it was given to', async () => {
    const code = await codeFor('alice');
    expect(await exchange({ code }, sandbox.githubApp)).toMatchObject({ error: 'bad_verification_code' });
  });

  it('wants the verifier when a challenge was sent, and looks at none otherwise', async () => {
    const { verifier, challenge } = newPkce();
    const withChallenge = { code_challenge: challenge, code_challenge_method: 'S256' };
    const code = await codeFor('alice', withChallenge);
    expect(await exchange({ code })).toMatchObject({ error: 'bad_verification_code' });
    expect(await exchange({ code, code_verifier: newPkce().verifier })).toMatchObject({
      error: 'bad_verification_code',
    });
    expect(await exchange({ code, code_verifier: verifier })).toHaveProperty('access_token');
    expect(await exchange({ code: await codeFor('alice'), code_verifier: verifier })).toHaveProperty(
      'access_token',
    );
  });

  it('keeps ten tokens for a person and scope, and lets the oldest die', async () => {
    const tokens = [];
    for (let round = 0; round < 11; round++) tokens.push((await signIn('alice')).access_token);
    const statuses = await Promise.all(tokens.map(async (token) => (await api('/user', token)).status));
    expect(statuses).toEqual([401, ...Array.from({ length: 10 }, () => 200)]);
  });
});

describe('a GitHub App', () => {
  it('gets tokens that expire, without scope', async () => {
    const tokens = await signIn('alice', {}, sandbox.githubApp);
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^ghu_/),
      expires_in: 28_800,
      refresh_token: expect.stringMatching(/^ghr_/),
      refresh_token_expires_in: 15_811_200,
      scope: '',
      token_type: 'bearer',
    });
    sandbox.advance(28_700);
    expect((await api('/user', tokens.access_token)).status).toBe(200);
    sandbox.advance(100);
    expect((await api('/user', tokens.access_token)).status).toBe(401);
    expect(await refresh(tokens.refresh_token)).toHaveProperty('access_token');
  });

  it('loses old access token and old refresh token at once by a refresh (CE-06)', async () => {
    const first = await signIn('alice', {}, sandbox.githubApp);
    const second = await refresh(first.refresh_token);
    expect((await api('/user', first.access_token)).status).toBe(401);
    expect((await api('/user', String(second['access_token']))).status).toBe(200);
    expect(await refresh(first.refresh_token)).toMatchObject({ error: 'bad_refresh_token' });
    expect(await refresh(String(second['refresh_token']))).toHaveProperty('access_token');
  });

  it('is answered once of those who refresh at the same time, and the winner’s tokens live', async () => {
    const { refresh_token: token } = await signIn('alice', {}, sandbox.githubApp);
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(token)));
    const won = answers.filter((answer) => 'access_token' in answer);
    expect(won).toHaveLength(1);
    expect((await api('/user', String(won[0]?.['access_token']))).status).toBe(200);
  });

  it('keeps its refresh token for six months', async () => {
    const { refresh_token: token } = await signIn('alice', {}, sandbox.githubApp);
    sandbox.advance(15_811_200);
    expect(await refresh(token)).toMatchObject({ error: 'bad_refresh_token' });
  });

  it('sees e-mail addresses only by permission (CE-08)', async () => {
    const [blind, seeing] = [
      await signIn('alice', {}, sandbox.githubApp),
      await signIn('alice', {}, mailing),
    ];
    const refused = await api('/user/emails', blind.access_token);
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ message: 'Resource not accessible by integration' }),
    ]);
    expect(await (await api('/user/emails', seeing.access_token)).json()).toHaveLength(2);
  });
});

describe('the API of GitHub', () => {
  const read = async (path: string, persona: string): Promise<unknown> =>
    (await api(path, (await signIn(persona)).access_token)).json();

  it('tells a number as id, and name and address as the profile has them', async () => {
    expect(await read('/user', 'alice')).toMatchObject({
      id: 40172365,
      login: 'alice-arden',
      name: 'Alice Arden',
      email: null,
      avatar_url: expect.stringMatching(/^https:/),
    });
    expect(await read('/user', 'zoe')).toMatchObject({ email: 'zoe@studio.example.test' });
    expect(await read('/user', 'noor')).toMatchObject({ login: 'noor', name: null, email: null });
  });

  it('tells of each address whether it is primary, verified and public', async () => {
    expect(await read('/user/emails', 'alice')).toEqual([
      { email: 'alice@example.test', primary: true, verified: true, visibility: 'private' },
      { email: 'alice.arden@mail.example.test', primary: false, verified: true, visibility: null },
    ]);
    expect(await read('/user/emails', 'bob')).toEqual([
      { email: 'bob@example.test', primary: true, verified: false, visibility: 'private' },
    ]);
    expect(await read('/user/emails', 'zoe')).toMatchObject([{ visibility: 'public' }]);
    expect(await read('/user/emails', 'noor')).toEqual([]);
  });

  it('hides addresses without their scope, and tells the scopes of a token', async () => {
    const { access_token: token } = await signIn('alice', { scope: 'read:user gist' });
    expect((await api('/user/emails', token)).status).toBe(404);
    expect((await api('/user', token)).headers.get('x-oauth-scopes')).toBe('read:user, gist');
    expect((await api('/user/emails', (await signIn('alice', { scope: 'user' })).access_token)).status).toBe(
      200,
    );
  });

  it('refuses who has no token, a wrong one, or no User-Agent', async () => {
    const bad = await api('/user', 'made-up');
    expect([bad.status, await bad.json()]).toEqual([
      401,
      expect.objectContaining({ message: 'Bad credentials' }),
    ]);
    expect(await (await api('/user')).json()).toMatchObject({ message: 'Requires authentication' });
    expect((await api('/user', 'made-up', { 'user-agent': '' })).status).toBe(403);
  });
});

describe('the end of a grant at GitHub', () => {
  const end = (
    what: 'token' | 'grant',
    token: string,
    options: Partial<Credentials & { body: string }> = {},
  ) => {
    const { clientId, clientSecret, body } = {
      ...sandbox.github,
      body: JSON.stringify({ access_token: token }),
      ...options,
    };
    return fetch(`${sandbox.github.apiEndpoint}/applications/${sandbox.github.clientId}/${what}`, {
      method: 'DELETE',
      headers: { authorization: basic(clientId, clientSecret), 'content-type': 'application/json' },
      body,
    });
  };
  const statusOf = async (token: string) => (await api('/user', token)).status;

  it('takes one token, or all of them and the authorization', async () => {
    const tokens = [await signIn('alice'), await signIn('alice'), await signIn('alice'), await signIn('bob')];
    const [first, second, third, other] = tokens.map(({ access_token: token }) => token);
    expect((await end('token', first)).status).toBe(204);
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    expect((await end('grant', second)).status).toBe(204);
    expect([await statusOf(second), await statusOf(third), await statusOf(other)]).toEqual([401, 401, 200]);
    expect(await signIn('alice', { scope: '' })).toMatchObject({ scope: '' });
  });

  it('takes the refresh token along with the access token', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = await signIn('alice', {}, mailing);
    const { clientId, clientSecret } = mailing;
    const answer = await fetch(`${sandbox.github.apiEndpoint}/applications/${clientId}/token`, {
      method: 'DELETE',
      headers: { authorization: basic(clientId, clientSecret) },
      body: JSON.stringify({ access_token: accessToken }),
    });
    expect(answer.status).toBe(204);
    expect(
      await exchange({ grant_type: 'refresh_token', refresh_token: refreshToken }, mailing),
    ).toMatchObject({
      error: 'bad_refresh_token',
    });
  });

  it('is refused to other clients, and for what is no token', async () => {
    const { access_token: token } = await signIn('alice');
    expect((await end('grant', token, { clientSecret: 'wrong' })).status).toBe(401);
    expect((await end('grant', token, sandbox.githubApp)).status).toBe(404);
    expect((await end('grant', 'unknown')).status).toBe(404);
    for (const body of ['', '[]', '{"access_token":""}'])
      expect((await end('grant', token, { body })).status).toBe(422);
    expect(await statusOf(token)).toBe(200);
  });

  it('may come from the person, in process and over HTTP', async () => {
    const [alice, bob] = [await signIn('alice', {}, sandbox.githubApp), await signIn('bob')];
    sandbox.revokeGrants('github', 'alice');
    expect([await statusOf(alice.access_token), await statusOf(bob.access_token)]).toEqual([401, 200]);
    expect(await refresh(alice.refresh_token)).toMatchObject({ error: 'bad_refresh_token' });
    const body = JSON.stringify({ persona: 'bob' });
    expect((await fetch(`${sandbox.url}/github/control/revoke`, { method: 'POST', body })).status).toBe(204);
    expect(await statusOf(bob.access_token)).toBe(401);
  });
});
