import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LinkingPolicy, TokenVaultService } from '../../../src/index.js';
import { Stage, somebody } from '../../identities/stage.js';
import { platforms } from '../../support/backend.js';
import { Person } from './person.js';

const ADMIN = { 'x-admin': 'yes' };

class WithPasswords extends LinkingPolicy {
  override isOwnStrategy(connectorId: string): boolean {
    return connectorId === 'password';
  }
}

describe.each(platforms)('identities of users for whoever manages them, on %s', (platform) => {
  let stage: Stage;
  let program: Person;

  beforeAll(async () => {
    stage = await Stage.open({ platform, auth: { linkingPolicy: WithPasswords } });
    program = new Person(stage);
  });
  afterAll(() => stage.close());

  const call = (method: string, path: string, body?: unknown) => program.api(method, path, body, ADMIN);
  const begin = (changes: Record<string, unknown> = {}, connectorId = 'alpha') =>
    call('POST', `/connectors/${connectorId}/authorization-uri`, {
      state: 'st',
      redirectUri: `${stage.url}/done`,
      ...changes,
    });

  it('are linked by a round trip that the program conducts, without keeping tokens', async () => {
    const userId = await stage.signIn(somebody({}, 'beta'));
    const { status, body } = await begin();
    expect(status).toBe(200);
    expect(String(body['redirectTo'])).toMatch(/^https:\/\/alpha\.test\/authorize\?state=st&/);
    const { identity } = somebody();
    const connectorData = {
      state: 'st',
      redirectUri: `${stage.url}/done`,
      code: stage.provider.grant({ identity, accessToken: 'at-not-kept' }),
    };
    const linked = await call('POST', `/users/${userId}/identities`, { connectorId: 'alpha', connectorData });
    expect(linked).toMatchObject({ status: 200, body: { alpha: { userId: identity.subject }, beta: {} } });
    expect(await stage.get(TokenVaultService).list(userId)).toEqual([]);
    expect((await stage.audit()).at(-1)).toMatchObject({ event: 'identity.linked', actorId: null, userId });
    const again = await call('POST', `/users/${userId}/identities`, { connectorId: 'alpha', connectorData });
    expect(again).toMatchObject({
      status: 400,
      body: { code: 'session.connector_validation_session_not_found' },
    });
  });

  it('are not linked where the account is another user’s (AL-12)', async () => {
    const [userId, theirs] = [await stage.signIn(somebody({}, 'beta')), somebody()];
    const owner = await stage.signIn(theirs);
    await begin();
    const connectorData = { state: 'st', code: stage.provider.grant({ identity: theirs.identity }) };
    const answer = await call('POST', `/users/${userId}/identities`, { connectorId: 'alpha', connectorData });
    expect(answer).toMatchObject({ status: 422, body: { code: 'user.identity_already_in_use' } });
    const { issuer, subject } = theirs.identity;
    const put = await call('PUT', `/users/${userId}/identities/alpha`, { userId: subject, issuer });
    expect(put).toMatchObject({ status: 422, body: { code: 'user.identity_already_in_use' } });
    expect(await stage.identities(owner)).toHaveLength(1);
  });

  it('are not linked by a record of somebody’s session', async () => {
    const person = new Person(stage);
    await person.signIn();
    await person.api('POST', '/verifications/social', {
      connectorId: 'alpha',
      state: 'of-a-person',
      redirectUri: `${stage.url}/done`,
    });
    const connectorData = {
      state: 'of-a-person',
      code: stage.provider.grant({ identity: somebody().identity }),
    };
    const path = `/users/${await person.id()}/identities`;
    expect(await call('POST', path, { connectorId: 'alpha', connectorData })).toMatchObject({ status: 400 });
  });

  it('are named by hand: 201 where there was none, 200 in the place of another', async () => {
    const userId = await stage.signIn(somebody({}, 'beta'));
    await stage.signIn(somebody());
    const details = { name: 'By Hand', email: 'hand@example.test' };
    const path = `/users/${userId}/identities/alpha`;
    const created = await call('PUT', path, { userId: `hand-1-${platform}`, details });
    expect([created.status, created.body]).toEqual([
      201,
      expect.objectContaining({
        alpha: {
          userId: `hand-1-${platform}`,
          details: { id: `hand-1-${platform}`, name: 'By Hand', email: 'hand@example.test' },
        },
      }),
    ]);
    expect((await call('PUT', path, { userId: `hand-1-${platform}` })).status).toBe(200);
    expect((await call('PUT', path, { userId: `hand-2-${platform}` })).status).toBe(200);
    const accounts = (await stage.identities(userId)).filter(({ target }) => target === 'alpha');
    expect(accounts).toMatchObject([
      { subject: `hand-2-${platform}`, issuer: 'https://alpha.test', emailVerified: false },
    ]);
  });

  it('need an issuer where no account of the provider has been seen', async () => {
    const userId = await stage.signIn(somebody({}, 'beta'));
    const path = `/users/${userId}/identities/unseen`;
    expect(await call('PUT', path, { userId: '1' })).toMatchObject({
      status: 400,
      body: { code: 'guard.invalid_input' },
    });
    const named = { userId: '1', issuer: 'https://gone.test', connectorId: 'gone' };
    expect((await call('PUT', `/users/${userId}/identities/gone`, named)).status).toBe(201);
  });

  it('are named by hand for a strategy of the application’s own', async () => {
    const userId = await stage.signIn(somebody({}, 'beta'));
    const body = { userId: `mina-${platform}`, issuer: 'https://app.test', connectorId: 'password' };
    expect((await call('PUT', `/users/${userId}/identities/password`, body)).status).toBe(201);
  });

  it.each([
    ['a connector that does not exist', 'unseen', { connectorId: 'unseen' }],
    ['a connector of another provider', 'alpha', { connectorId: 'beta' }],
    ['Logto, whatever brings it', 'logto', { connectorId: 'password' }],
    ['the name of the prototype', '__proto__', { connectorId: 'password' }],
  ])('are not named by hand for %s', async (_, target, changes) => {
    const userId = await stage.signIn(somebody({}, 'beta'));
    const body = { userId: '1', issuer: 'https://some.test', ...changes };
    expect(await call('PUT', `/users/${userId}/identities/${target}`, body)).toMatchObject({
      status: 400,
      body: { code: 'guard.invalid_input' },
    });
    expect(await stage.identities(userId)).toHaveLength(1);
  });

  it('are shown in Logto’s form, without tokens', async () => {
    const at = somebody({ name: 'Ann', rawData: { id: 7 } });
    const userId = await stage.signIn(at);
    const identity = {
      userId: at.identity.subject,
      details: { id: at.identity.subject, name: 'Ann', rawData: { id: 7 } },
    };
    expect(await call('GET', `/users/${userId}/identities/alpha`)).toMatchObject({
      status: 200,
      body: { identity },
    });
    const [{ id }] = await stage.identities(userId);
    expect((await call('GET', `/users/${userId}/all-identities`)).body).toEqual({
      socialIdentities: [{ id, target: 'alpha', identity }],
      ssoIdentities: [],
    });
    expect(await call('GET', `/users/${userId}/identities/beta`)).toMatchObject({
      status: 404,
      body: { code: 'user.identity_not_exist' },
    });
  });

  it('are taken away, but not the last one (AL-14)', async () => {
    const person = new Person(stage);
    await person.signIn();
    await person.link({ identity: somebody({}, 'beta').identity });
    const userId = await person.id();
    const { status, body } = await call('DELETE', `/users/${userId}/identities/alpha`);
    expect([status, body['id'], Object.keys(body['identities'] as object)]).toEqual([200, userId, ['beta']]);
    expect(await call('DELETE', `/users/${userId}/identities/beta`)).toMatchObject({
      status: 400,
      body: { code: 'user.last_sign_in_method_required' },
    });
  });

  it.each([
    [
      'POST',
      '/users/nobody/identities',
      { connectorId: 'alpha', connectorData: {} },
      404,
      'user.user_not_exist',
    ],
    ['GET', '/users/nobody/all-identities', undefined, 404, 'user.user_not_exist'],
    ['DELETE', '/users/nobody/identities/alpha', undefined, 404, 'user.user_not_exist'],
    [
      'POST',
      '/connectors/nope/authorization-uri',
      { state: 's', redirectUri: 'r' },
      404,
      'connector.not_found',
    ],
    [
      'POST',
      '/connectors/gone/authorization-uri',
      { state: 's', redirectUri: 'r' },
      403,
      'connector.disabled',
    ],
    [
      'POST',
      '/connectors/alpha/authorization-uri',
      { state: '', redirectUri: '' },
      400,
      'session.insufficient_info',
    ],
    [
      'POST',
      '/connectors/alpha/authorization-uri',
      { state: 's', redirectUri: 'https://a.test' },
      400,
      'guard.invalid_input',
    ],
  ])('answer %s %s %j with %i %s %s', async (method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject({ status, body: { code } });
  });

  it('are nothing to a session', async () => {
    const person = new Person(stage);
    await person.signIn();
    const path = `/users/${await person.id()}`;
    for (const [method, rest] of [
      ['GET', '/all-identities'],
      ['GET', '/identities/alpha'],
      ['POST', '/identities'],
      ['PUT', '/identities/alpha'],
      ['DELETE', '/identities/alpha'],
    ] as const)
      expect((await person.api(method, `${path}${rest}`, method === 'GET' ? undefined : {})).status).toBe(
        403,
      );
  });
});
