import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import type { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import { API, AURORA, EVERY_SCOPE, HOUR_SECONDS, Stage } from './stage.js';

const refused = { code: 'vault.integrity_error' };

describe.each(databaseKinds)('Logto’s tokens at rest in %s', (database) => {
  let stage: Stage;
  let alice: Browser;
  let bob: Browser;

  beforeAll(async () => {
    stage = await Stage.start({
      database,
      logto: { scopes: EVERY_SCOPE, resources: [API] },
      sandbox: { rotateRefreshTokens: 'always' },
    });
  });
  beforeEach(async () => {
    await stage.clear();
    [alice, bob] = [await stage.signedIn('alice'), await stage.signedIn('bob')];
    stage.sandbox.clearRequests();
  });
  afterAll(() => stage.close());

  const rowOf = async (subject: string) => (await stage.rows.findOneBy({ subject })) as LogtoSession;
  const rowOfAlice = () => rowOf('xw3jr9c2iw77');
  const rowOfBob = () => rowOf('b4mq7t0zk9dp');
  const write = ({ sessionId }: LogtoSession, changes: Partial<LogtoSession>) =>
    stage.rows.update(sessionId, changes);

  const everyToken = async (): Promise<string[]> => {
    const opened = await Promise.all((await stage.rows.find()).map((row) => stage.open(row)));
    return opened.flatMap(({ tokens }) => [
      tokens.idToken,
      String(tokens.refreshToken),
      ...Object.values(tokens.accessTokens).map(({ token }) => token),
    ]);
  };

  /** Nothing is handed out and nothing is asked of Logto, and a good row is good again. */
  const expectRefusal = async (browser: Browser, good: LogtoSession) => {
    const client = stage.clientOf(browser);
    await expect(client.getAccessToken()).rejects.toMatchObject(refused);
    await expect(client.getIdTokenClaims()).rejects.toMatchObject(refused);
    await expect(client.fetchUserInfo()).rejects.toMatchObject(refused);
    await expect(client.clearAccessToken()).rejects.toMatchObject(refused);
    expect(stage.sandbox.requests()).toEqual({});
    await stage.rows.save(good);
    expect((await client.getAccessToken()).reveal().length).toBeGreaterThan(20);
  };

  it('show in no form that can be read, nor in what is logged', async () => {
    const tokens = await everyToken();
    for (const browser of [alice, bob]) {
      const client = stage.clientOf(browser);
      await client.getOrganizationToken(AURORA);
      tokens.push(...(await everyToken()));
      stage.sandbox.advance(HOUR_SECONDS);
      await client.getAccessToken(API);
      await client.fetchUserInfo();
      await client.getOrganizationToken('nowhere00000').catch(() => undefined);
      tokens.push(...(await everyToken()));
    }
    stage.sandbox.fail({ path: '/oidc/token', status: 500, body: tokens[1] });
    stage.sandbox.advance(HOUR_SECONDS);
    await alice.json(`${stage.instance.url}/api/me`);
    await expect(stage.clientOf(alice).getAccessToken(API)).rejects.not.toThrow(tokens[1]);
    stage.sandbox.clearFaults();
    stage.sandbox.revokeLogtoGrants('alice');
    await expect(stage.clientOf(alice).getAccessToken(API)).rejects.toThrow();
    stage.sandbox.fail({ path: '/oidc/token/revocation', status: 500 });
    await stage.clientOf(bob).clearAllTokens();

    const secrets = [...new Set(tokens)];
    expect(secrets.length).toBeGreaterThanOrEqual(15);
    expect(secrets.every((token) => token.length > 20)).toBe(true);
    const [dump, logs] = [await stage.database.dump(), stage.logs.join('\n')];
    expect(dump.includes('latchkey_logto_sessions') || dump.includes('xw3jr9c2iw77')).toBe(true);
    expect(logs).toContain('A grant could not be ended at Logto');
    for (const secret of secrets) {
      expect(logs).not.toContain(secret);
      for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
        const form = Buffer.from(secret).toString(encoding).replace(/=+$/, '').slice(0, -2);
        expect([encoding, dump.includes(form)]).toEqual([encoding, false]);
      }
    }
  });

  it('do not open as an older version of themselves', async () => {
    const { sealed: older } = await rowOfAlice();
    await stage.clientOf(alice).getAccessToken(API);
    const good = await rowOfAlice();
    stage.sandbox.clearRequests();
    await write(good, { sealed: older });
    await expectRefusal(alice, good);
  });

  it('do not open in the session of another person', async () => {
    const [good, goodOfBob] = [await rowOfAlice(), await rowOfBob()];
    await write(good, { sealed: goodOfBob.sealed, version: goodOfBob.version });
    await write(goodOfBob, { sealed: good.sealed, version: good.version });
    await expectRefusal(bob, goodOfBob);
    stage.sandbox.clearRequests();
    await expectRefusal(alice, good);
  });

  it('do not open in another session of the same person, begun in the same session of Logto’s', async () => {
    const good = await rowOfAlice();
    alice.setCookie('localhost', 'latchkey', 'forgotten');
    await stage.signInAgain(alice);
    const [other] = (await stage.rows.findBy({ subject: good.subject })).filter(
      ({ sessionId }) => sessionId !== good.sessionId,
    );
    expect(other).toMatchObject({ issuer: good.issuer, sid: good.sid });
    stage.sandbox.clearRequests();
    await write(other, { sealed: good.sealed, version: good.version });
    await expectRefusal(alice, other);
  });

  it.each([
    ['subject', 'b4mq7t0zk9dp'],
    ['issuer', 'https://another.example.test/oidc'],
    ['sid', 'another session'],
    ['sid', null],
    ['version', 7],
  ])('do not open once the row says another %s: %s', async (column, value) => {
    const good = await rowOfAlice();
    expect(good[column as keyof LogtoSession]).not.toBe(value);
    await write(good, { [column]: value });
    await expectRefusal(alice, good);
  });

  it('end with the session even if they do not open', async () => {
    await write(await rowOfAlice(), { sealed: (await rowOfBob()).sealed });
    const page = await (await alice.open(`${stage.instance.url}/`)).send('/auth/sign-out');
    expect([page.status, alice.cookie('localhost', 'latchkey')]).toEqual([200, undefined]);
    expect((await alice.json(`${stage.instance.url}/api/me`)).status).toBe(401);
    expect(await stage.rows.count()).toBe(1);
  });

  it('are made good by another sign-in where they do not open', async () => {
    await write(await rowOfAlice(), { sealed: (await rowOfBob()).sealed });
    await stage.signInAgain(alice);
    expect(await stage.clientOf(alice).getAccessTokenClaims(API)).toMatchObject({ aud: API });
  });
});
