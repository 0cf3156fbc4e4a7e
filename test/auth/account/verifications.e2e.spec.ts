import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectorRegistry } from '../../../src/connectors/connector.registry.js';
import { Stage, somebody } from '../../identities/stage.js';
import { environments } from '../../support/backend.js';
import { Person } from './person.js';

const NOT_FOUND = { status: 400, body: { code: 'verification_record.not_found' } };

describe.each(environments)('verification records on $platform with $database', ({ platform, database }) => {
  let stage: Stage;
  let person: Person;

  beforeAll(async () => {
    stage = await Stage.open({ platform, database, auth: { returnToOrigins: ['https://app.example.test'] } });
  });
  afterAll(() => stage.close());
  beforeEach(async () => {
    person = new Person(stage);
    await person.signIn();
  });

  const start = (changes: Record<string, unknown> = {}, who = person) =>
    who.api('POST', '/verifications/social', {
      connectorId: 'beta',
      state: 'my-state',
      redirectUri: `${stage.url}/done`,
      ...changes,
    });
  const verify = (id: unknown, connectorData: Record<string, unknown>, who = person) =>
    who.api('POST', '/verifications/social/verify', { verificationRecordId: id, connectorData });
  const begun = async (changes?: Record<string, unknown>) =>
    String((await start(changes)).body['verificationRecordId']);
  const add = (id: string, who = person) =>
    who.api('POST', '/my-account/identities', { newIdentifierVerificationRecordId: id });
  const targets = async (who = person) =>
    (await stage.identities(await who.id())).map(({ target }) => target).sort();

  it('lead to the provider with the caller’s state, and last ten minutes', async () => {
    const before = stage.clock.now();
    const { status, body } = await start({ scope: 'read write' });
    expect(status).toBe(201);
    const address = new URL(String(body['authorizationUri']));
    expect(address.origin).toBe('https://beta.test');
    expect(Object.fromEntries(address.searchParams)).toEqual({
      state: 'my-state',
      redirect_uri: `${stage.url}/done`,
      scope: 'basic read write',
    });
    expect(body['verificationRecordId']).toMatch(/^[0-9a-z]{21}$/);
    expect(Date.parse(String(body['expiresAt'])) / 1000 - before).toBeGreaterThanOrEqual(600);
  });

  it('link the account that was proved, once', async () => {
    const { identity } = somebody({ email: 'b@example.test' }, 'beta');
    const id = await person.verified({ identity });
    expect((await add(id)).status).toBe(204);
    expect(await targets()).toEqual(['alpha', 'beta']);
    expect(await add(id)).toMatchObject(NOT_FOUND);
    expect(await add(await person.verified({ identity }))).toMatchObject({
      status: 422,
      body: { code: 'user.identity_already_in_use' },
    });
  });

  it('are spent by one of two writes at the same time', async () => {
    const id = await person.verified({ identity: somebody({}, 'beta').identity });
    const answers = await Promise.all([add(id), add(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
  });

  it('take a code once, also where the provider refuses it', async () => {
    const id = await begun();
    expect(await verify(id, { code: 'unknown' })).toMatchObject({
      body: { code: 'connector.social_auth_code_invalid' },
    });
    const code = stage.provider.grant({ identity: somebody({}, 'beta').identity });
    expect(await verify(id, { code })).toMatchObject(NOT_FOUND);
    const verified = await person.verified({ identity: somebody({}, 'beta').identity });
    expect(await verify(verified, { code })).toMatchObject(NOT_FOUND);
  });

  it('are good for nothing before they are verified', async () => {
    expect(await add(await begun())).toMatchObject(NOT_FOUND);
    expect(await add('nope')).toMatchObject(NOT_FOUND);
  });

  it('are good for nothing to another user, and to another session of the same', async () => {
    const { identity } = somebody();
    const twice = [new Person(stage), new Person(stage)];
    for (const place of twice) await place.signIn({ identity });
    const other = new Person(stage);
    await other.signIn();
    const pending = String((await start({}, twice[0])).body['verificationRecordId']);
    const verified = await twice[0].verified({ identity: somebody({}, 'beta').identity });
    for (const thief of [twice[1], other]) {
      expect(await add(verified, thief)).toMatchObject(NOT_FOUND);
      const code = stage.provider.grant({ identity: somebody({}, 'beta').identity });
      expect(await verify(pending, { code }, thief)).toMatchObject(NOT_FOUND);
    }
    expect((await add(verified, twice[0])).status).toBe(204);
  });

  it('end after ten minutes', async () => {
    const [pending, verified] = [
      await begun(),
      await person.verified({ identity: somebody({}, 'beta').identity }),
    ];
    stage.clock.advance(599);
    await person.signIn();
    stage.clock.advance(1);
    expect(await verify(pending, { code: 'any' })).toMatchObject(NOT_FOUND);
    expect(await add(verified)).toMatchObject(NOT_FOUND);
  });

  it('take the parameters of their own round trip alone', async () => {
    const id = await begun();
    const code = stage.provider.grant({ identity: somebody({}, 'beta').identity });
    for (const foreign of [{ state: 'another' }, { redirectUri: `${stage.url}/elsewhere` }])
      expect(await verify(id, { code, ...foreign })).toMatchObject({
        status: 400,
        body: { code: 'auth.state_invalid' },
      });
    expect(await verify(id, { code, state: 'my-state', redirectUri: `${stage.url}/done` })).toMatchObject({
      status: 200,
      body: { verificationRecordId: id },
    });
    const without = await begun();
    const again = stage.provider.grant({ identity: somebody({}, 'beta').identity });
    expect((await verify(without, { code: again })).status).toBe(200);
    expect(await verify(await begun(), { error: 'access_denied' })).toMatchObject({
      status: 403,
      body: { code: 'auth.access_denied' },
    });
  });

  it.each([
    [{ connectorId: 'nope' }, 422, 'session.invalid_connector_id'],
    [{ connectorId: 'gone' }, 422, 'session.invalid_connector_id'],
    [{ state: '' }, 400, 'session.insufficient_info'],
    [{ redirectUri: '' }, 400, 'session.insufficient_info'],
    [{ state: 'a b' }, 400, 'guard.invalid_input'],
    [{ state: 'a'.repeat(129) }, 400, 'guard.invalid_input'],
    [{ redirectUri: 'https://elsewhere.test/done' }, 400, 'guard.invalid_input'],
    [{ redirectUri: 'https://app.example.test.evil.test/' }, 400, 'guard.invalid_input'],
    [{ redirectUri: 'https://user@app.example.test/' }, 400, 'guard.invalid_input'],
    [{ redirectUri: 'https://app.example.test/#fragment' }, 400, 'guard.invalid_input'],
    [{ redirectUri: 'javascript:alert(1)' }, 400, 'guard.invalid_input'],
    [{ scope: 7 }, 400, 'guard.invalid_input'],
    [{ extra: true }, 400, 'guard.invalid_input'],
  ])('do not begin with %j', async (changes, status, code) => {
    expect(await start(changes)).toMatchObject({ status, body: { code } });
  });

  it('begin for a page at an allowed origin', async () => {
    expect((await start({ redirectUri: 'https://app.example.test/back?x=1' })).status).toBe(201);
  });

  it('ask for a session', async () => {
    const stranger = new Person(stage);
    for (const answer of [
      await start({}, stranger),
      await verify('x', {}, stranger),
      await add('x', stranger),
      await stranger.api('PUT', '/my-account/identities/alpha/access-token', { verificationRecordId: 'x' }),
    ])
      expect(answer.status).toBe(401);
  });

  it('leave no token in clear', async () => {
    const secret = `at-secret-${platform}`;
    await person.verified({ identity: somebody().identity, accessToken: secret }, 'alpha');
    expect((await stage.database.dump()).includes(secret)).toBe(false);
  });

  describe('in the place of an account', () => {
    const replace = (id: string, query = '') =>
      person.api('PUT', `/my-account/identities${query}`, { newIdentifierVerificationRecordId: id });

    it('put the one that was proved, with its tokens, and change nothing when repeated', async () => {
      const { identity } = somebody();
      await person.link({ identity: somebody({}, 'beta').identity });
      for (const accessToken of ['at-1', 'at-2']) {
        const id = await person.verified({ identity, accessToken }, 'alpha');
        expect((await replace(id)).status).toBe(204);
        const accounts = await stage.identities(await person.id());
        expect(accounts.filter(({ target }) => target === 'alpha').map(({ subject }) => subject)).toEqual([
          identity.subject,
        ]);
        expect((await person.api('GET', '/my-account/identities/alpha/access-token')).body).toMatchObject({
          access_token: accessToken,
        });
      }
    });

    it('ask which, where there are several', async () => {
      await person.link({ identity: somebody().identity }, 'alpha');
      const { identity } = somebody();
      const refused = await replace(await person.verified({ identity }, 'alpha'));
      expect(refused).toMatchObject({ status: 422, body: { code: 'user.identity_ambiguous' } });
      const before = await stage.identities(await person.id());
      expect(before).toHaveLength(2);
      const named = await replace(
        await person.verified({ identity }, 'alpha'),
        `?identityId=${before[0].id}`,
      );
      expect(named.status).toBe(204);
      const after = (await stage.identities(await person.id())).map(({ subject }) => subject);
      expect(after.sort()).toEqual([before[1].subject, identity.subject].sort());
    });

    it('take no other account away where the one that is proved is the user’s already and none is named', async () => {
      const { identity } = somebody();
      await person.link({ identity }, 'alpha');
      const rows = await stage.identities(await person.id());
      const before = rows.map(({ id }) => id);
      const [own, other] = [true, false].map(
        (isProved) => rows.find(({ subject }) => (subject === identity.subject) === isProved)?.id,
      );
      for (const query of ['', `?identityId=${own}`]) {
        expect((await replace(await person.verified({ identity }, 'alpha'), query)).status).toBe(204);
        expect((await stage.identities(await person.id())).map(({ id }) => id)).toEqual(before);
      }
      const named = await replace(await person.verified({ identity }, 'alpha'), `?identityId=${other}`);
      expect(named.status).toBe(204);
      expect((await stage.identities(await person.id())).map(({ id }) => id)).toEqual([own]);
    });

    it('take none away from another user (AL-12)', async () => {
      const theirs = somebody();
      const owner = await stage.signIn(theirs);
      const answer = await replace(await person.verified({ identity: theirs.identity }, 'alpha'));
      expect(answer).toMatchObject({ status: 422, body: { code: 'user.identity_already_in_use' } });
      expect(await stage.identities(owner)).toHaveLength(1);
      expect(await targets()).toEqual(['alpha']);
    });
  });

  describe('for a new grant', () => {
    const renew = (id: string, target = 'alpha') =>
      person.api('PUT', `/my-account/identities/${target}/access-token`, { verificationRecordId: id });

    it('ask for the scopes that are held too, and hand out the token', async () => {
      const { identity } = somebody();
      await person.signIn({ identity, accessToken: 'at-1', refreshToken: 'rt-1', scope: ['read'] });
      const id = await person.verified({ identity, accessToken: 'at-2' }, 'alpha', 'write,admin');
      expect(stage.provider.requests.at(-1)?.scope).toEqual(['write', 'admin', 'read']);
      const { status, body, headers } = await renew(id);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({ access_token: 'at-2', token_type: 'Bearer', scope: 'write admin read' });
      expect((await person.api('GET', '/my-account/identities/alpha/access-token')).body).toEqual(body);
      expect(await renew(id)).toMatchObject(NOT_FOUND);
    });

    it('keep no token and no account where that was switched off after they had been verified', async () => {
      const { instance } = await stage.get(ConnectorRegistry).get('alpha');
      const { identity } = somebody();
      await person.signIn({ identity });
      const [one, other] = [
        await person.verified({ identity, accessToken: 'at-2' }, 'alpha'),
        await person.verified({ identity: somebody().identity, accessToken: 'at-3' }, 'alpha'),
      ];
      try {
        Object.assign(instance, { enableTokenStorage: false });
        expect(await renew(one)).toMatchObject({
          status: 422,
          body: { code: 'verification_record.social_verification.token_response_not_found' },
        });
        Object.assign(instance, { enabled: false });
        expect(await add(other)).toMatchObject({ status: 403, body: { code: 'connector.disabled' } });
      } finally {
        Object.assign(instance, { enableTokenStorage: true, enabled: true });
      }
    });

    it('are refused for another provider, for an account that is not linked, and without a token', async () => {
      const { identity } = somebody();
      await person.signIn({ identity, accessToken: 'at-1' });
      const id = await person.verified({ identity, accessToken: 'at-2' }, 'alpha');
      expect(await renew(id, 'google')).toMatchObject({
        status: 422,
        body: {
          code: 'verification_record.social_verification.invalid_target',
          data: { expected: 'google', actual: 'alpha' },
        },
      });
      const foreign = await person.verified({ identity: somebody().identity, accessToken: 'at-3' }, 'alpha');
      expect(await renew(foreign)).toMatchObject({
        status: 422,
        body: { code: 'user.identity_not_exists_in_current_user' },
      });
      expect(await renew(await person.verified({ identity }, 'alpha'))).toMatchObject({
        status: 422,
        body: { code: 'verification_record.social_verification.token_response_not_found' },
      });
      expect((await person.api('GET', '/my-account/identities/alpha/access-token')).body).toMatchObject({
        access_token: 'at-1',
      });
    });
  });

  describe('DELETE of an account', () => {
    const remove = (path: string) => person.api('DELETE', `/my-account/identities/${path}`);

    it('takes the only one of a target, and never the last of all (AL-14)', async () => {
      await person.link({ identity: somebody({}, 'beta').identity });
      expect(await remove('gamma')).toMatchObject({ status: 404, body: { code: 'user.identity_not_exist' } });
      expect((await remove('alpha')).status).toBe(204);
      expect(await remove('beta')).toMatchObject({
        status: 400,
        body: { code: 'user.last_sign_in_method_required' },
      });
      expect(await targets()).toEqual(['beta']);
    });

    it('asks which of several', async () => {
      await person.link({ identity: somebody().identity }, 'alpha');
      await person.link({ identity: somebody().identity }, 'alpha');
      const ids = (await stage.identities(await person.id())).map(({ id }) => id);
      expect(await remove('alpha')).toMatchObject({
        status: 422,
        body: { code: 'user.identity_ambiguous', data: { identityIds: ids } },
      });
      expect((await remove(`alpha?identityId=${ids[0]}`)).status).toBe(204);
      expect((await remove(`alpha/${ids[1]}`)).status).toBe(204);
      expect((await remove(`beta/${ids[2]}`)).status).toBe(404);
      expect((await stage.identities(await person.id())).map(({ id }) => id)).toEqual([ids[2]]);
    });
  });
});
