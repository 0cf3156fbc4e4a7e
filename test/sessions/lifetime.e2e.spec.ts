import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import { Session } from '../../src/auth/session/session.entity.js';
import { User } from '../../src/identities/user.entity.js';
import { UsersService } from '../../src/identities/users.service.js';
import { environments } from '../support/backend.js';
import { copyOf, SessionStage, type Instance } from './session-stage.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const session = { idleLifetimeSeconds: HOUR, absoluteLifetimeSeconds: 3 * HOUR };

describe.each(environments)('how long a session lives, on $platform with $database', (environment) => {
  let stage: SessionStage;
  let other: Instance;

  beforeAll(async () => {
    stage = await SessionStage.open({ ...environment, settings: { session } });
    other = await stage.anotherInstance();
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    for (const table of [Session, LogtoSession])
      await stage.backend.dataSource.getRepository<object>(table).deleteAll();
  });

  const sessions = () => stage.backend.dataSource.getRepository(Session);
  const users = () => stage.backend.dataSource.getRepository(User);

  /** For everybody. */
  function advance(seconds: number): void {
    for (const { clock } of [stage.backend, other]) clock.advance(seconds);
  }

  /** The id of the user whom this person is here. */
  async function userOf(sub: string): Promise<string> {
    const { id } = await users().findOneByOrFail({ email: `${sub}@example.test` });
    return id;
  }

  it('ends after its idle lifetime, not before, on every instance (SE-09)', async () => {
    const [used, idle] = [await stage.signIn(), await stage.signIn()];
    advance(HOUR - 30);
    expect(await stage.isSignedIn(used, other.url)).toBe(true);
    advance(30);
    for (const url of [stage.backend.url, other.url])
      expect([await stage.isSignedIn(used, url), await stage.isSignedIn(idle, url)]).toEqual([true, false]);
    advance(HOUR);
    for (const url of [stage.backend.url, other.url]) expect(await stage.isSignedIn(used, url)).toBe(false);
  });

  it('is prolonged by use, up to its absolute lifetime and no further (SE-09)', async () => {
    const visitor = await stage.signIn();
    for (let used = 0; used < 3; used += 1) {
      advance(HOUR - MINUTE);
      expect(await stage.isSignedIn(visitor)).toBe(true);
    }
    advance(3 * MINUTE - 30);
    expect(await stage.isSignedIn(visitor)).toBe(true);
    advance(30);
    for (const url of [stage.backend.url, other.url])
      expect(await stage.isSignedIn(visitor, url)).toBe(false);
  });

  it('is not prolonged beyond its absolute lifetime by what the browser claims (SE-09)', async () => {
    const visitor = await stage.signIn();
    const kept = copyOf(visitor);
    const [{ expiresAt }] = await sessions().find();
    advance(30 * MINUTE);
    await stage.isSignedIn(kept);
    const [after] = await sessions().find();
    expect(after?.expiresAt).toBe(expiresAt);
    expect(after?.lastSeenAt).toBeGreaterThan(expiresAt - 3 * HOUR);
  });

  it('lives anew, as the same record, when its person signs in again', async () => {
    const visitor = await stage.signIn();
    const [before] = await sessions().find();
    advance(30 * MINUTE);
    await stage.signIn({ sub: visitor.sub, browser: visitor.browser });
    const [after, ...more] = await sessions().find();
    expect([after?.id, more]).toEqual([before?.id, []]);
    expect(after?.expiresAt).toBeGreaterThanOrEqual(Number(before?.expiresAt) + 30 * MINUTE);
  });

  it('has its use noted once a minute at most (SE-09)', async () => {
    const visitor = await stage.signIn();
    const lastSeenAt = async () => (await sessions().findOneByOrFail({})).lastSeenAt;
    const atFirst = await lastSeenAt();
    advance(MINUTE - 30);
    await stage.isSignedIn(visitor);
    expect(await lastSeenAt()).toBe(atFirst);
    advance(30);
    await stage.isSignedIn(visitor);
    const noted = await lastSeenAt();
    expect(noted).toBeGreaterThanOrEqual(atFirst + MINUTE);
    advance(1);
    await stage.isSignedIn(visitor, other.url);
    expect(await lastSeenAt()).toBe(noted);
  });

  it('is not brought back by a use that is noted late (SE-09)', async () => {
    const visitor = await stage.signIn();
    advance(2 * MINUTE);
    await sessions().deleteAll();
    expect(await stage.isSignedIn(visitor)).toBe(false);
    expect(await sessions().count()).toBe(0);
  });

  it('goes on where its use cannot be noted', async () => {
    const visitor = await stage.signIn();
    const { dataSource } = stage.backend;
    advance(2 * MINUTE);
    const refuse =
      environment.database === 'SQLite'
        ? [
            `CREATE TRIGGER refuse BEFORE UPDATE ON latchkey_sessions BEGIN SELECT RAISE(FAIL, 'read-only'); END`,
          ]
        : [
            `CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'read-only'; END $$ LANGUAGE plpgsql`,
            `CREATE TRIGGER refuse BEFORE UPDATE ON latchkey_sessions FOR EACH ROW EXECUTE FUNCTION refuse()`,
          ];
    for (const statement of refuse) await dataSource.query(statement);
    const answered = await stage.isSignedIn(visitor);
    await dataSource.query(
      `DROP TRIGGER refuse${environment.database === 'SQLite' ? '' : ' ON latchkey_sessions'}`,
    );
    expect(answered).toBe(true);
  });

  it.each([
    ['suspended', (id: string) => stage.backend.get(UsersService).suspend(id)],
    ['deleted', (id: string) => stage.backend.get(UsersService).remove(id)],
  ])('ends within a second, on every instance, when its user is %s (SE-10)', async (_, punish) => {
    const [visitor, bystander] = [await stage.signIn(), await stage.signIn()];
    for (const url of [stage.backend.url, other.url]) expect(await stage.isSignedIn(visitor, url)).toBe(true);
    await punish(await userOf(visitor.sub));
    advance(1);
    for (const url of [stage.backend.url, other.url])
      expect([await stage.isSignedIn(visitor, url), await stage.isSignedIn(bystander, url)]).toEqual([
        false,
        true,
      ]);
  });

  it('does not begin for a user who is suspended, and goes on when that is taken back (SE-10)', async () => {
    const visitor = await stage.signIn();
    const id = await userOf(visitor.sub);
    await stage.backend.get(UsersService).suspend(id);
    await expect(stage.signIn({ sub: visitor.sub })).rejects.toThrow('403');
    expect(await sessions().count()).toBe(1);
    await stage.backend.get(UsersService).restore(id);
    advance(1);
    expect(await stage.isSignedIn(visitor)).toBe(true);
  });

  it('leaves no row behind: a thousand at each sign-in, once a minute at most', async () => {
    await plant(2500);
    advance(MINUTE);
    const left = [];
    for (const seconds of [0, MINUTE - 30, 30]) {
      advance(seconds);
      await stage.signIn();
      left.push([
        await sessions().count(),
        await stage.backend.dataSource.getRepository(LogtoSession).count(),
      ]);
    }
    // Those of the sign-ins are among them, one more each time. Of Logto's, as many again are looked for.
    expect(left).toEqual([
      [1501, 501],
      [1502, 502],
      [503, 3],
    ]);
  });

  it('leaves no row behind when it was over by idleness', async () => {
    const idle = await stage.signIn();
    advance(HOUR + MINUTE);
    await stage.signIn();
    const atLogto = stage.backend.dataSource.getRepository(LogtoSession);
    expect([await sessions().count(), await atLogto.count()]).toEqual([1, 1]);
    expect(await stage.isSignedIn(idle)).toBe(false);
  });

  /** Sessions that have run out, with what belongs to them at Logto. */
  async function plant(count: number): Promise<void> {
    const { dataSource, clock } = stage.backend;
    const over = clock.now() - 1;
    const times = { createdAt: over, lastSeenAt: over, expiresAt: over };
    const ids = Array.from({ length: count }, (_, at) => String(at).padStart(21, '0'));
    await stage.signIn();
    const facts = await dataSource.getRepository(LogtoSession).findOneByOrFail({});
    for (const table of [Session, LogtoSession]) await dataSource.getRepository<object>(table).deleteAll();
    for (let at = 0; at < count; at += 500) {
      const some = ids.slice(at, at + 500);
      await sessions().insert(
        some.map((id) => ({ id, tokenHash: id.padStart(43, '0'), userId: 'u', userAgent: null, ...times })),
      );
      await dataSource
        .getRepository(LogtoSession)
        .insert(some.map((sessionId) => ({ ...facts, sessionId, expiresAt: over })));
    }
  }
});
