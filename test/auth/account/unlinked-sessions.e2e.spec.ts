import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Session } from '../../../src/auth/session/session.entity.js';
import { Sessions, type Identity, type IdentityAt, type SessionRecord } from '../../../src/index.js';
import { Stage, somebody } from '../../identities/stage.js';
import { MapSessionStore } from '../../importing/map-session.store.js';
import { platforms } from '../../support/backend.js';
import { databaseKinds } from '../../support/databases.js';
import { Person } from './person.js';

const ADMIN = { 'x-admin': 'yes' };

/** Who has found a way in through `alpha`, beside the owner, who came through `beta`. */
interface Household {
  readonly owner: Person;
  readonly thief: Person;
  readonly elsewhere: Person;
  readonly userId: string;
  readonly alpha: Identity;
}

async function household(stage: Stage): Promise<Household> {
  const [alpha, beta] = [somebody(), somebody({}, 'beta')];
  const [owner, thief, elsewhere] = [new Person(stage), new Person(stage), new Person(stage)];
  await owner.signIn(beta, 'beta');
  await owner.link(alpha, 'alpha');
  await thief.signIn(alpha);
  await elsewhere.signIn(beta, 'beta');
  const userId = await owner.id();
  const row = (await stage.identities(userId)).find(({ target }) => target === 'alpha') as Identity;
  return { owner, thief, elsewhere, userId, alpha: row };
}

const isSignedIn = async (person: Person) => (await person.api('GET', '/me')).status === 200;
const cookie = ({ browser }: Person) => String(browser.cookie('localhost', 'latchkey'));

function copyOf(person: Person): Person {
  const copy = new Person(person.stage);
  copy.browser.setCookie('localhost', 'latchkey', cookie(person));
  return copy;
}

const replaceByHand = (stage: Stage, { userId }: Household) =>
  new Person(stage).api(
    'PUT',
    `/users/${userId}/identities/alpha`,
    { userId: somebody().identity.subject, issuer: 'https://alpha.test' },
    ADMIN,
  );

const replaceByProof = async ({ owner }: Household) =>
  owner.api('PUT', '/my-account/identities', {
    newIdentifierVerificationRecordId: await owner.verified(somebody(), 'alpha'),
  });

type Way = (home: Household, stage: Stage) => Promise<{ readonly status: number }>;

const ways: [string, Way, number][] = [
  ['the form', ({ owner, alpha }) => owner.post('/auth/social/alpha/unlink', { identityId: alpha.id }), 303],
  ['the Account API', ({ owner }) => owner.api('DELETE', '/my-account/identities/alpha'), 204],
  [
    'the Account API, by its id',
    ({ owner, alpha }) => owner.api('DELETE', `/my-account/identities/alpha/${alpha.id}`),
    204,
  ],
  ['another account in its place', replaceByProof, 204],
  [
    'the Management API',
    ({ owner, userId }) => owner.api('DELETE', `/users/${userId}/identities/alpha`, undefined, ADMIN),
    200,
  ],
  ['the Management API, another one in its place', (home, stage) => replaceByHand(stage, home), 200],
];

describe.each(platforms)('an account that is unlinked on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ platform });
  });
  afterAll(() => stage.close());
  beforeEach(() => stage.dataSource.getRepository(Session).deleteAll());

  it.each(ways)('locks out by %s who came in through it, and nobody else', async (_, unlink, status) => {
    const home = await household(stage);
    for (const person of [home.owner, home.thief, home.elsewhere])
      expect(await isSignedIn(person)).toBe(true);
    expect((await unlink(home, stage)).status).toBe(status);
    expect(await isSignedIn(home.thief)).toBe(false);
    expect([await isSignedIn(home.owner), await isSignedIn(home.elsewhere)]).toEqual([true, true]);
    expect(await stage.dataSource.getRepository(Session).count()).toBe(2);
  });

  it.each(ways.filter(([name]) => !name.startsWith('the Management')))(
    'leaves the session alone that began with it and unlinks it by %s, under a new cookie',
    async (_, unlink) => {
      const home = await household(stage);
      const owner = home.thief;
      const copy = copyOf(owner);
      await unlink({ ...home, owner }, stage);
      expect([await isSignedIn(owner), await isSignedIn(copy)]).toEqual([true, false]);
      expect(cookie(owner)).not.toBe(cookie(copy));
      expect(await stage.dataSource.getRepository(Session).countBy({ identityId: home.alpha.id })).toBe(0);
    },
  );

  it('changes no cookie of a program’s session that began with another one', async () => {
    const { owner } = await household(stage);
    const before = cookie(owner);
    await owner.api('DELETE', '/my-account/identities/alpha');
    expect([cookie(owner), await isSignedIn(owner)]).toEqual([before, true]);
  });

  it('is what the session remembers through a link and a reauthorization, until the next sign-in', async () => {
    const { owner, thief, alpha } = await household(stage);
    await thief.link(somebody({}, 'beta'));
    await thief.roundTrip(thief.browser.request(`${stage.url}/auth/social/alpha/reauthorize`), {
      identity: { ...alpha, emailVerified: false },
    } as unknown as { identity: IdentityAt['identity'] });
    const ofAlpha = () => stage.dataSource.getRepository(Session).countBy({ identityId: alpha.id });
    expect(await ofAlpha()).toBe(1);
    await owner.signIn({ identity: { issuer: alpha.issuer, subject: alpha.subject, emailVerified: false } });
    expect(await ofAlpha()).toBe(2);
  });
});

describe.each(databaseKinds)('an account that is unlinked on %s', (database) => {
  it('locks out on other instances within a second (SE-03)', async () => {
    const stage = await Stage.open({ database });
    const other = await Stage.open({ database: stage.database });
    const { owner, thief } = await household(stage);
    const atOther = async () => (await thief.browser.json(`${other.url}/api/me`)).status;
    expect(await atOther()).toBe(200);
    await owner.api('DELETE', '/my-account/identities/alpha');
    other.clock.advance(1);
    const after = await atOther();
    await other.close();
    await stage.close();
    expect(after).toBe(401);
  });

  it('begins no session for whoever came back with it just before', async () => {
    const stage = await Stage.open({ database });
    const { owner, userId, alpha } = await household(stage);
    await owner.api('DELETE', '/my-account/identities/alpha');
    const sessions = stage.get(Sessions);
    const known = (await sessions.ofUser(userId)).length;
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const late = sessions.open({ headers: {} }, response, userId, { identityId: alpha.id });
    await expect(late).rejects.toMatchObject({ code: 'auth.unauthorized' });
    const after = (await sessions.ofUser(userId)).length;
    await stage.close();
    expect([after, response.getHeader('set-cookie')]).toEqual([known, undefined]);
  });
});

/** Written before sessions knew of identities. */
@Injectable()
class ForgetfulSessionStore extends MapSessionStore {
  override insert({ identityId: _, ...record }: SessionRecord): Promise<void> {
    return super.insert(record);
  }
}

describe('an account that is unlinked where the store does not say what sessions began with', () => {
  it('ends every session of the user but the one that unlinks', async () => {
    const stage = await Stage.open({ auth: { sessionStore: ForgetfulSessionStore } });
    const { owner, thief, elsewhere } = await household(stage);
    const copy = copyOf(owner);
    await owner.api('DELETE', '/my-account/identities/alpha');
    const states = [];
    for (const person of [owner, copy, thief, elsewhere]) states.push(await isSignedIn(person));
    await stage.close();
    expect(states).toEqual([true, false, false, false]);
  });
});
