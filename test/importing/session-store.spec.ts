import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Session } from '../../src/auth/session/session.entity.js';
import { DatabaseSessionStore, SessionStore, Sessions, type SessionRecord } from '../../src/index.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { startApplication, startSandboxedApplication, type Application } from './application.js';
import { MapSessionStore } from './map-session.store.js';

const NOW = 1_800_000_000;
const logto = { endpoint: 'http://localhost:1', appId: 'a', appSecret: 'b' };

const record = (id: string, changes: Partial<SessionRecord> = {}): SessionRecord => ({
  id,
  tokenHash: `hash of ${id}`,
  userId: 'a user',
  identityId: 'an identity',
  userAgent: 'a browser',
  createdAt: NOW,
  lastSeenAt: NOW,
  expiresAt: NOW + 3600,
  ...changes,
});

interface Kept {
  readonly name: string;
  readonly store: typeof MapSessionStore | typeof DatabaseSessionStore;
  readonly database: (typeof databaseKinds)[number];
}

const kept: Kept[] = [
  { name: 'an application’s own', store: MapSessionStore, database: 'SQLite' },
  ...databaseKinds.map((database) => ({
    name: `the one on ${database}`,
    store: DatabaseSessionStore,
    database,
  })),
];

/** What every store of sessions has to keep to, whoever wrote it. */
describe.each(kept)('a store of sessions, $name,', ({ store: sessionStore, database }) => {
  let application: Application;
  let store: SessionStore;

  beforeAll(async () => {
    application = await startApplication({ database, logto, auth: { sessionStore } });
    store = application.get(SessionStore);
  });

  afterAll(() => application.close());

  beforeEach(async () => {
    if (store instanceof MapSessionStore) store.records.clear();
    await application.dataSource.getRepository(Session).deleteAll();
  });

  const save = (...records: SessionRecord[]) => Promise.all(records.map((one) => store.insert(one)));
  const idsOf = async (userId = 'a user') => (await store.ofUser(userId)).map(({ id }) => id);

  it('gives back a record as it was', async () => {
    const plain = record('1', { userAgent: null, identityId: null });
    await save(plain, record('2'));
    expect(await store.find('hash of 1')).toEqual(plain);
    expect(await store.find('hash of 2')).toEqual(record('2'));
    expect(await store.ofUser('a user')).toEqual([plain, record('2')]);
  });

  it('finds nothing that is not there, and no part of it either', async () => {
    await save(record('1'));
    for (const unknown of ['', 'hash of', 'hash of 11', 'HASH OF 1', '1', '%'])
      expect(await store.find(unknown)).toBeUndefined();
    expect(await store.ofUser('nobody')).toEqual([]);
  });

  it('finds one that is over: whether it is in force is for others to say', async () => {
    await save(record('1', { expiresAt: 1, lastSeenAt: 1 }));
    expect(await store.find('hash of 1')).toMatchObject({ expiresAt: 1 });
  });

  it('writes a record in place of the one with its id, whose cookie is worth nothing then', async () => {
    await save(record('1'));
    const renewed = record('1', {
      tokenHash: 'a new hash',
      userId: 'another',
      identityId: null,
      userAgent: 'x',
      expiresAt: NOW + 9000,
    });
    expect(await store.replace(renewed, 'hash of 1')).toBe(true);
    expect(await store.find('hash of 1')).toBeUndefined();
    expect(await store.find('a new hash')).toEqual(renewed);
    expect([await idsOf(), await idsOf('another')]).toEqual([[], ['1']]);
  });

  it('keeps nothing of the account that the former record began with', async () => {
    await save(record('1'));
    const { identityId: _, ...renewed } = record('1', { tokenHash: 'a new hash' });
    await store.replace(renewed, 'hash of 1');
    expect((await store.find('a new hash'))?.identityId ?? null).toBeNull();
  });

  it('writes nothing in place of one that has ended, or that another has replaced', async () => {
    await save(record('1'));
    const renewed = record('1', { tokenHash: 'a new hash' });
    expect(await store.replace(renewed, 'another hash')).toBe(false);
    await store.remove(['1']);
    expect(await store.replace(renewed, 'hash of 1')).toBe(false);
    expect([await idsOf(), await store.find('a new hash')]).toEqual([[], undefined]);
  });

  it('notes a use, and never an earlier one', async () => {
    await save(record('1'), record('2'));
    await store.touch('1', NOW + 60);
    await store.touch('1', NOW + 30);
    await store.touch('2', NOW - 30);
    expect(await store.find('hash of 1')).toEqual(record('1', { lastSeenAt: NOW + 60 }));
    expect(await store.find('hash of 2')).toEqual(record('2'));
  });

  it('brings nothing back by noting its use', async () => {
    await save(record('1'));
    await store.remove(['1']);
    await store.touch('1', NOW + 60);
    expect(await store.find('hash of 1')).toBeUndefined();
    expect(await idsOf()).toEqual([]);
  });

  it('removes those and no others, also when some are gone already', async () => {
    await save(record('1'), record('2'), record('3'));
    await store.remove(['1', 'never there', '3']);
    await store.remove(['1']);
    await store.remove([]);
    expect(await idsOf()).toEqual(['2']);
    expect(await store.find('hash of 3')).toBeUndefined();
  });

  it('lists those of one user, the last used first', async () => {
    await save(
      record('b', { lastSeenAt: NOW + 10 }),
      record('c', { lastSeenAt: NOW + 30 }),
      record('a', { lastSeenAt: NOW + 20 }),
      record('other', { userId: 'somebody else' }),
    );
    expect(await idsOf()).toEqual(['c', 'a', 'b']);
    await store.touch('b', NOW + 40);
    expect(await idsOf()).toEqual(['b', 'c', 'a']);
  });

  it('clears away what has expired or has lain idle, to the second, and nothing that is in force', async () => {
    await save(
      record('expired', { expiresAt: NOW }),
      record('about to expire', { expiresAt: NOW + 1 }),
      record('idle', { lastSeenAt: NOW - 600 }),
      record('almost idle', { lastSeenAt: NOW - 599 }),
    );
    const gone = await store.purge({ expiredAt: NOW, idleSince: NOW - 600, limit: 100 });
    expect([...gone].sort()).toEqual(['expired', 'idle']);
    expect(await idsOf()).toEqual(['about to expire', 'almost idle']);
  });

  it('clears away no more at once than it is told', async () => {
    await save(...Array.from({ length: 7 }, (_, index) => record(`${index}`, { expiresAt: 1 })));
    const purge = () => store.purge({ expiredAt: NOW, idleSince: 0, limit: 3 });
    const left = [];
    for (let round = 0; round < 3; round += 1) {
      await purge();
      left.push((await idsOf()).length);
    }
    expect(left).toEqual([4, 1, 0]);
  });

  it('keeps many that are written at once', async () => {
    const many = Array.from({ length: 50 }, (_, index) => record(`${index}`));
    await save(...many);
    expect(await Promise.all(many.map(({ tokenHash }) => store.find(tokenHash)))).toEqual(many);
  });
});

describe.each(platforms)('sessions in a store of the application’s own on %s', (platform) => {
  it('begin, are listed, go on and end there, and nowhere in the database', async () => {
    const application = await startSandboxedApplication({
      platform,
      auth: { sessionStore: MapSessionStore },
    });
    try {
      const store = application.app.get<SessionStore, MapSessionStore>(SessionStore);
      const [browser, other] = [new Browser(), new Browser()];
      await signInThroughLogto(browser, application);
      await signInThroughLogto(other, application);
      const me = () => browser.json(`${application.url}/api/me`);
      const list = () => browser.json(`${application.url}/api/my-account/sessions`);
      expect((await me()).body).toMatchObject({ email: 'alice@example.test' });
      expect((await list()).body['sessions']).toHaveLength(2);
      expect([store.records.size, await application.dataSource.getRepository(Session).count()]).toEqual([
        2, 0,
      ]);

      const [cookie] = [browser.cookie('localhost', 'latchkey')];
      expect(JSON.stringify([...store.records.values()])).not.toContain(cookie);

      application.clock.advance(60);
      await me();
      expect(
        (await application.get(Sessions).find({ headers: { cookie: `latchkey=${cookie}` } }))?.lastSeenAt,
      ).toBe(Math.max(...[...store.records.values()].map(({ lastSeenAt }) => lastSeenAt)));

      const ending = await browser.json(`${application.url}/api/my-account/sessions?others=true`, {
        method: 'DELETE',
      });
      expect([ending.status, store.records.size]).toEqual([204, 1]);
      application.clock.advance(1);
      expect((await other.json(`${application.url}/api/me`)).status).toBe(401);
      expect((await me()).status).toBe(200);

      await application.sandbox.endLogtoSessions('alice');
      expect(store.records.size).toBe(0);
      expect((await me()).status).toBe(401);
    } finally {
      await application.close();
    }
  });
});
