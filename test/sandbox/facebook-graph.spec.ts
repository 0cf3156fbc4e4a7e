import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { FacebookApp, redirectUri, refusalOf, tokenOf } from './facebook-app.js';
import { applicationUrl } from './relying-party.js';

const ALICE = '10158274639201547';
const trusting = {
  clientId: '2222222222222222',
  clientSecret: 'a secret of another app',
  redirectUris: [redirectUri],
  facebookApp: { requiresAppSecretProof: false },
};

let sandbox: Sandbox;
let app: FacebookApp;
let clock: Clock;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl, clients: [trusting] });
  clock = new Clock();
  sandbox.attach(clock);
  app = new FacebookApp(sandbox);
});
afterAll(() => sandbox.close());
beforeEach(() => {
  for (const persona of ['alice', 'bob', 'noor', 'uma']) sandbox.revokeGrants('facebook', persona);
});

const order = (path: string, body: unknown) =>
  fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('the profile', () => {
  it('has the requested fields and the id', async () => {
    const { body } = await app.call(await app.signIn('alice'), 'me', {
      fields: 'name,email,first_name,last_name,picture',
    });
    expect(body).toEqual({
      id: ALICE,
      name: 'Alice Arden',
      email: 'alice@example.test',
      first_name: 'Alice',
      last_name: 'Arden',
      picture: {
        data: { height: 50, is_silhouette: true, url: expect.stringMatching(/^https:.*&ext=\d+/), width: 50 },
      },
    });
  });

  it('has id and name when no fields are requested', async () => {
    const { body } = await app.call(await app.signIn('alice'), 'me');
    expect(body).toEqual({ id: ALICE, name: 'Alice Arden' });
  });

  it('understands modifiers of a field, and refuses fields that do not exist', async () => {
    const token = await app.signIn('alice');
    const { body } = await app.call(token, 'me', { fields: 'id,picture.type(large){url}' });
    expect(body).toHaveProperty('picture.data.url');
    expect(refusalOf(await app.call(token, 'me', { fields: 'id,constructor' }))).toEqual([
      400,
      100,
      undefined,
    ]);
  });

  it.each([
    ['noor, who has none', 'noor', 'email'],
    ['uma, who kept it', 'uma', 'email'],
    ['alice, who was not asked', 'alice', 'public_profile'],
  ])('has no e-mail of %s', async (_who, persona, scope) => {
    const { body } = await app.call(await app.signIn(persona, { scope }), 'me', { fields: 'id,name,email' });
    expect(Object.keys(body)).toEqual(['id', 'name']);
  });

  it('tells an e-mail that nobody verified like any other', async () => {
    const { body } = await app.call(await app.signIn('bob'), 'me', { fields: 'id,email' });
    expect(body).toEqual({ id: expect.any(String), email: 'bob@example.test' });
  });

  it('has another id for another app', async () => {
    const token = await new FacebookApp(sandbox, trusting).signIn('alice');
    const { body } = await new FacebookApp(sandbox, trusting).call(token, 'me');
    expect(body['id']).toMatch(/^\d{17}$/);
    expect(body['id']).not.toBe(ALICE);
  });

  it('comes for a token in the header as well', async () => {
    const token = await app.signIn('alice');
    const response = await fetch(
      `${sandbox.facebook.graphEndpoint}/v23.0/me?appsecret_proof=${app.proof(token)}`,
      { headers: { authorization: `Bearer ${token}` } },
    );
    expect(await response.json()).toMatchObject({ id: ALICE });
  });

  it('comes with a growing share of the hourly calls', async () => {
    sandbox.advance(3600);
    const token = await app.signIn('alice');
    const usage = async () => (await app.call(token, 'me')).headers.get('x-app-usage');
    expect(await usage()).toBe('{"call_count":1,"total_cputime":1,"total_time":1}');
    for (let call = 0; call < 24; call++) await usage();
    expect(await usage()).toBe('{"call_count":3,"total_cputime":3,"total_time":3}');
  });
});

describe('the proof of the app’s secret', () => {
  it('is demanded, and checked', async () => {
    const token = await app.signIn('alice');
    const missing = await app.ask('GET', `me?access_token=${token}`);
    expect(refusalOf(missing)).toEqual([400, 100, undefined]);
    expect(missing.body).toMatchObject({
      error: {
        type: 'GraphMethodException',
        message: 'API calls from the server require an appsecret_proof argument',
      },
    });
    const wrong = await app.call(token, 'me', { appsecret_proof: app.proof('another token') });
    expect(wrong.body).toMatchObject({
      error: { code: 100, message: 'Invalid appsecret_proof provided in the API argument' },
    });
  });

  it('is optional for an app that does not demand it, and checked all the same', async () => {
    const other = new FacebookApp(sandbox, trusting);
    const token = await other.signIn('alice');
    expect((await other.ask('GET', `me?access_token=${token}`)).status).toBe(200);
    expect(refusalOf(await other.call(token, 'me', { appsecret_proof: 'no' }))).toEqual([
      400,
      100,
      undefined,
    ]);
  });
});

describe('a token', () => {
  it.each([
    ['what is no token', 'nonsense', [400, 190, undefined]],
    ['a token that Facebook does not know', 'EAA00ff', [400, 190, 467]],
  ])('is refused when it is %s', async (_case, token, refusal) => {
    expect(refusalOf(await app.call(token, 'me'))).toEqual(refusal);
  });

  it('has to be there', async () => {
    expect(refusalOf(await app.ask('GET', 'me'))).toEqual([400, 2500, undefined]);
  });

  it('dies with the password, while permissions stay', async () => {
    const short = await app.signIn('alice');
    const long = tokenOf(await app.exchange(short));
    sandbox.facebookPasswordChanged('alice');
    for (const token of [short, long]) {
      const answer = await app.call(token, 'me');
      expect(refusalOf(answer)).toEqual([400, 190, 460]);
      expect(answer.headers.get('www-authenticate')).toContain('"invalid_token"');
    }
    const callback = await app.authorize('alice');
    expect(callback.searchParams.has('code')).toBe(true);
  });

  it('dies when the app is removed, and consent is asked for anew', async () => {
    const token = await app.signIn('alice');
    sandbox.facebookRemoveApp('alice');
    expect(refusalOf(await app.call(token, 'me'))).toEqual([400, 190, 458]);
    expect(await app.inspect(token)).toMatchObject({ is_valid: false, scopes: [] });
  });

  it.each([
    ['/facebook/control/password-changed', 460],
    ['/facebook/control/remove-app', 458],
    ['/facebook/control/revoke', 458],
  ])('dies by an order at %s', async (path, subcode) => {
    const token = await app.signIn('alice');
    expect((await order(path, { persona: 'alice' })).status).toBe(204);
    expect(refusalOf(await app.call(token, 'me'))).toEqual([400, 190, subcode]);
    expect((await order(path, { persona: 'mallory' })).status).toBe(400);
  });

  it('of one person survives what happens to another', async () => {
    const token = await app.signIn('alice');
    sandbox.facebookPasswordChanged('bob');
    sandbox.facebookRemoveApp('bob');
    expect((await app.call(token, 'me')).status).toBe(200);
  });

  it('survives a restart, and so does its end', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-facebook-'));
    const options = { port: 0, applicationUrl, statePath: join(directory, 'state.json') };
    const before = await startSandbox(options);
    const alive = await new FacebookApp(before).signIn('alice');
    const dead = await new FacebookApp(before).signIn('bob');
    before.facebookRemoveApp('bob');
    await before.close();
    const after = await startSandbox(options);
    const calls = await Promise.all([alive, dead].map((token) => new FacebookApp(after).call(token, 'me')));
    expect(calls.map(refusalOf)).toEqual([
      [200, undefined, undefined],
      [400, 190, 458],
    ]);
    await after.close();
    rmSync(directory, { recursive: true });
  });
});

describe('the inspection of a token', () => {
  it('tells whose it is, what it may and how long, times by the sandbox’s clock', async () => {
    const now = clock.now();
    expect(await app.inspect(await app.signIn('alice'))).toEqual({
      app_id: sandbox.facebook.clientId,
      type: 'USER',
      application: 'Latchkey',
      data_access_expires_at: expect.any(Number),
      expires_at: expect.any(Number),
      is_valid: true,
      scopes: ['public_profile', 'email'],
      user_id: ALICE,
    });
    const { expires_at: expiresAt, data_access_expires_at: dataAccess } = await app.inspect(
      await app.signIn('alice'),
    );
    expect(Number(expiresAt) - now).toBeGreaterThanOrEqual(5400);
    expect(Number(expiresAt) - clock.now()).toBeLessThanOrEqual(5400);
    expect(Number(dataAccess) - now).toBeGreaterThanOrEqual(90 * 24 * 3600);
  });

  it('says when a long-lived one was issued', async () => {
    const token = tokenOf(await app.exchange(await app.signIn('alice')));
    expect(await app.inspect(token)).toMatchObject({ is_valid: true, issued_at: expect.any(Number) });
  });

  it('says why a token is not valid', async () => {
    const token = await app.signIn('alice');
    sandbox.advance(5400);
    expect(await app.inspect(token)).toMatchObject({
      is_valid: false,
      user_id: ALICE,
      error: { code: 190, subcode: 463 },
    });
    expect(await app.inspect('EAA00ff')).toMatchObject({ is_valid: false, error: { code: 190 } });
  });

  it('knows the app’s own token, which client credentials bring and which inspects as well', async () => {
    const { body } = await app.token({ grant_type: 'client_credentials' });
    expect(body).toEqual({
      access_token: expect.stringMatching(new RegExp(`^${sandbox.facebook.clientId}\\|`)),
      token_type: 'bearer',
    });
    const appToken = String(body['access_token']);
    expect(await app.inspect(appToken)).toMatchObject({ type: 'APP', is_valid: true });
    const query = new URLSearchParams({ input_token: await app.signIn('alice'), access_token: appToken });
    expect((await app.ask('GET', `debug_token?${query.toString()}`)).body).toMatchObject({
      data: { user_id: ALICE },
    });
  });

  it('is the app’s business: not another app’s, and not the user’s', async () => {
    const token = await app.signIn('alice');
    expect(await new FacebookApp(sandbox, trusting).inspect(token)).toMatchObject({ is_valid: false });
    expect(refusalOf(await app.call(token, 'debug_token', { input_token: token }))).toEqual([
      400,
      100,
      undefined,
    ]);
  });
});

describe('permissions', () => {
  it('are taken back one by one, and the token lives on without', async () => {
    const token = await app.signIn('alice');
    expect((await app.call(token, `${ALICE}/permissions/email`, {}, 'DELETE')).body).toEqual({
      success: true,
    });
    expect((await app.call(token, 'me', { fields: 'email' })).body).toEqual({ id: ALICE });
    expect((await app.call(token, 'me/permissions')).body).toEqual({
      data: [
        { permission: 'public_profile', status: 'granted' },
        { permission: 'email', status: 'declined' },
      ],
    });
  });

  it.each(['me', ALICE])(
    'are all taken back at /%s/permissions, which is the end of the token',
    async (id) => {
      const token = await app.signIn('alice');
      expect((await app.call(token, `${id}/permissions`, {}, 'DELETE')).body).toEqual({ success: true });
      expect(refusalOf(await app.call(token, 'me'))).toEqual([400, 190, 458]);
    },
  );

  it('are taken back by the app for a user whose token it lost', async () => {
    const token = await app.signIn('alice');
    const { clientId, clientSecret } = sandbox.facebook;
    const query = new URLSearchParams({ access_token: `${clientId}|${clientSecret}` });
    expect((await app.ask('DELETE', `${ALICE}/permissions?${query.toString()}`)).body).toEqual({
      success: true,
    });
    expect(refusalOf(await app.call(token, 'me'))).toEqual([400, 190, 458]);
  });

  it('of another user, and without the proof, are out of reach', async () => {
    const [alice, bob] = [await app.signIn('alice'), await app.signIn('bob')];
    expect(refusalOf(await app.call(bob, `${ALICE}/permissions`, {}, 'DELETE'))).toEqual([
      400,
      100,
      undefined,
    ]);
    expect(refusalOf(await app.ask('DELETE', `me/permissions?access_token=${alice}`))).toEqual([
      400,
      100,
      undefined,
    ]);
    expect((await app.call(alice, 'me')).status).toBe(200);
  });

  it('of one app are not those of another', async () => {
    const other = new FacebookApp(sandbox, trusting);
    const [here, there] = [await app.signIn('alice'), await other.signIn('alice')];
    await app.call(here, 'me/permissions', {}, 'DELETE');
    expect((await other.call(there, 'me')).status).toBe(200);
  });
});
