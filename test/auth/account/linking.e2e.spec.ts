import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Stage, somebody } from '../../identities/stage.js';
import { platforms } from '../../support/backend.js';
import { Person } from './person.js';

describe.each(platforms)('linking by its owner on %s', (platform) => {
  let stage: Stage;
  let person: Person;

  beforeAll(async () => {
    stage = await Stage.open({ platform });
  });
  afterAll(() => stage.close());
  beforeEach(async () => {
    person = new Person(stage);
    await person.signIn();
  });

  it('adds the account, whatever its address, and is written down', async () => {
    const email = `${platform}-owned@example.test`;
    await stage.signIn(somebody({ email }));
    const { identity } = somebody({ email, emailVerified: false }, 'beta');
    const id = await person.id();
    expect((await person.link({ identity })).status).toBe(200);
    expect((await stage.identities(id)).map(({ target }) => target).sort()).toEqual(['alpha', 'beta']);
    expect((await stage.audit()).at(-1)).toMatchObject({
      event: 'identity.linked',
      outcome: 'done',
      actorId: id,
    });
  });

  it('is refused where somebody else is signed in by then (AL-10)', async () => {
    const other = new Person(stage);
    await other.signIn();
    const { identity } = somebody({}, 'beta');
    const start = person.post('/auth/social/beta/link');
    const location = (await start).headers.get('location') ?? '';
    for (const name of ['latchkey'])
      person.browser.setCookie('localhost', name, String(other.browser.cookie('localhost', name)));
    const state = new URL(location).searchParams.get('state') ?? '';
    const code = stage.provider.grant({ identity });
    const page = await person.browser.open(`${stage.url}/callback/beta?state=${state}&code=${code}`);
    expect([page.status, page.html]).toEqual([403, expect.stringContaining('auth.link_refused')]);
    expect(await stage.identities(await other.id())).toHaveLength(1);
    expect((await stage.audit()).at(-1)).toMatchObject({
      outcome: 'refused',
      reason: 'somebody_else_signed_in',
      actorId: await other.id(),
    });
  });

  it('moves nothing where the account is another user’s (AL-12)', async () => {
    const theirs = somebody({}, 'beta');
    const owner = await stage.signIn(theirs);
    const page = await person.link({ identity: theirs.identity });
    expect([page.status, page.html]).toEqual([422, expect.stringContaining('user.identity_already_in_use')]);
    expect(await stage.identities(owner)).toHaveLength(1);
    expect(await stage.identities(await person.id())).toHaveLength(1);
  });

  it('asks the person to sign in anew a while after the sign-in, and not before', async () => {
    stage.clock.advance(570);
    expect((await person.post('/auth/social/beta/link')).headers.get('location')).toContain(
      'https://beta.test',
    );
    stage.clock.advance(31);
    const page = await person.post('/auth/social/beta/link?return_to=%2Fapi%2Fme');
    const text = await page.text();
    expect([page.status, text]).toEqual([
      403,
      expect.stringContaining('auth.recent_authentication_required'),
    ]);
    expect(text).toContain(`href="${stage.url}/sign-in?return_to=%2Fapi%2Fme"`);
    expect(text).toContain('Sign in again');
    for (const [method, path] of [
      ['POST', '/my-account/identities'],
      ['PUT', '/my-account/identities'],
      ['DELETE', '/my-account/identities/alpha'],
      ['DELETE', '/my-account/identities/alpha/some'],
    ])
      expect(await person.api(method, path, { newIdentifierVerificationRecordId: 'x' })).toMatchObject({
        status: 403,
        body: {
          code: 'auth.recent_authentication_required',
          data: { authorization_url: `${stage.url}/sign-in?return_to=%2F` },
        },
      });
    await person.signIn({ identity: (await own(person)).identity });
    expect((await person.post('/auth/social/beta/link')).headers.get('location')).toContain(
      'https://beta.test',
    );
  });

  it('is undone by a form of the home page, with its tokens (AL-21)', async () => {
    const { identity } = await own(person);
    await person.signIn({ identity, accessToken: `at-${identity.subject}` });
    await person.link({ identity: somebody({}, 'beta').identity });
    const home = await person.browser.open(`${stage.url}/`);
    expect(home.html).toContain('<details');
    const after = await home.send('/auth/social/alpha/unlink');
    expect([after.status, after.url]).toEqual([200, `${stage.url}/`]);
    expect((await stage.identities(await person.id())).map(({ target }) => target)).toEqual(['beta']);
    expect(after.html).not.toContain('/unlink');
    expect(await person.api('GET', '/my-account/identities/alpha/access-token')).toMatchObject({
      status: 404,
    });
  });

  it('is undone by no form of somebody else, and for no account of somebody else', async () => {
    await person.link({ identity: somebody({}, 'beta').identity });
    const id = await person.id();
    const [identity] = await stage.identities(id);
    const forged = await person.browser.request(`${stage.url}/auth/social/${identity.connectorId}/unlink`, {
      method: 'POST',
      body: new URLSearchParams({ identityId: identity.id }),
      headers: { origin: stage.url },
    });
    expect(forged.status).toBe(403);
    const other = new Person(stage);
    await other.signIn();
    await other.link({ identity: somebody({}, 'beta').identity });
    const foreign = await other.post(`/auth/social/${identity.connectorId}/unlink`, {
      identityId: identity.id,
    });
    expect(foreign.status).toBe(404);
    expect(await stage.identities(id)).toHaveLength(2);
  });

  it('asks the provider for further scopes beside those that are held, and keeps them all', async () => {
    const { identity } = await own(person);
    await person.signIn({ identity, accessToken: 'at-1', scope: ['basic', 'read'] });
    const start = person.browser.request(`${stage.url}/auth/social/alpha/reauthorize?scope=write+admin`);
    const asked = new URL((await start).headers.get('location') ?? '').searchParams.get('scope');
    expect(asked?.split(' ').sort()).toEqual(['admin', 'basic', 'basic', 'read', 'write']);
    await person.roundTrip(start, { identity, accessToken: 'at-2' });
    const { body } = await person.api('GET', '/my-account/identities/alpha/access-token');
    expect(body).toMatchObject({ access_token: 'at-2' });
    expect(String(body['scope']).split(' ').sort()).toEqual(['admin', 'basic', 'read', 'write']);
    const bad = await person.browser.request(`${stage.url}/auth/social/alpha/reauthorize?scope=%22`);
    expect(bad.status).toBe(400);
  });

  it('tells the provider which browser comes, and takes from its query no word of who it is (AR-06)', async () => {
    await person.browser.request(`${stage.url}/auth/social/alpha?login_hint=ann%40example.test`, {
      headers: { 'user-agent': 'wxwork/4' },
    });
    const request = stage.provider.requests.at(-1);
    expect([request?.userAgent, request?.loginHint]).toEqual(['wxwork/4', undefined]);
  });

  const own = async (who: Person) => {
    const [row] = (await stage.identities(await who.id())).filter(({ target }) => target === 'alpha');
    return { identity: { issuer: row.issuer, subject: row.subject, emailVerified: false } };
  };
});

describe('a sign-in anew through Logto', () => {
  it('goes to the choice of sign-ins where the session did not come through Logto', async () => {
    const logto = {
      endpoint: 'http://localhost:1',
      appId: 'a',
      appSecret: 'b',
      signInParameters: ['prompt'],
    };
    const stage = await Stage.open({ auth: { logto, session: { recentAuthenticationSeconds: 60 } } });
    const person = new Person(stage);
    await person.signIn();
    stage.clock.advance(61);
    const { body } = await person.api('DELETE', '/my-account/identities/alpha');
    const { url } = stage;
    await stage.close();
    expect(body['data']).toEqual({ authorization_url: `${url}/sign-in?return_to=%2F` });
  });
});
