import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { databaseKinds } from '../support/databases.js';
import { Lifecycles } from './lifecycles-stage.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

const GOOGLE_REFRESH = 'POST /google/token refresh_token';
const GITHUB_TOKEN = '/github/login/oauth/access_token';
const GRAPH = '/facebook/graph/v24.0';
const EXCHANGE = `POST ${GRAPH}/oauth/access_token fb_exchange_token`;
const NEEDS_PERSON = { code: 'reauthorization_required' };

describe.each(databaseKinds)('the life of a token set, on %s', (kind) => {
  let life: Lifecycles;

  beforeAll(async () => void (life = await Lifecycles.start(kind)));
  afterEach(() => life.sandbox.clearFaults());
  afterAll(() => life.close());

  const told = async (userId: string) => {
    const where = { userId, event: 'secret.status_updated' };
    const entries = await life.dataSource.manager.find(AuditEntry, { where, order: { at: 'ASC' } });
    return entries.map(({ reason }) => reason);
  };

  describe('of Facebook', () => {
    const works = async (userId: string) => {
      const token = await life.token(userId, 'facebook');
      const proof = createHmac('sha256', life.sandbox.facebook.clientSecret).update(token).digest('hex');
      return (await life.status(`${GRAPH}/me?appsecret_proof=${proof}`, token)) === 200;
    };

    it('is the same on day 2, a new one on day 59, and over on day 61, where nobody has asked before (RR-22)', async () => {
      const userId = await life.signIn('facebook', 'alice');
      const first = await life.token(userId, 'facebook');
      life.sandbox.advance(2 * DAY);
      expect([await life.token(userId, 'facebook'), life.asked(EXCHANGE)]).toEqual([first, 0]);
      life.sandbox.advance(57 * DAY);
      expect(await life.token(userId, 'facebook')).not.toBe(first);
      expect([life.asked(EXCHANGE), await works(userId)]).toEqual([1, true]);
      life.sandbox.advance(61 * DAY);
      await expect(life.read(userId, 'facebook')).rejects.toMatchObject(NEEDS_PERSON);
      expect(await life.summary(userId, 'facebook')).toMatchObject({
        status: 'reauthorization_required',
        reason: 'no_refresh_token',
      });
    });

    it('goes on from day 0 to 61 for somebody in use, by one exchange, and every day the token works (RR-22)', async () => {
      const userId = await life.signIn('facebook', 'bob');
      for (let day = 1; day <= 61; day += 1) {
        await life.pass(DAY);
        expect(await works(userId)).toBe(true);
      }
      expect(life.asked(EXCHANGE)).toBe(1);
    });

    it('ends for somebody who has never been in use, unasked, and that is told once, and a week before (RR-22)', async () => {
      const userId = await life.signIn('facebook', 'zoe');
      const { obtainedAt } = (await life.summary(userId, 'facebook')) ?? {};
      for (let day = 1; day <= 61; day += 1) await life.pass(DAY);
      expect(await life.summary(userId, 'facebook')).toMatchObject({
        obtainedAt,
        status: 'reauthorization_required',
        reason: 'no_refresh_token',
      });
      expect(await told(userId)).toEqual(['expiring', 'no_refresh_token']);
    });

    it('is expiring a week before access to the data ends, 90 days after the person was there, and over when Facebook says so', async () => {
      const userId = await life.signIn('facebook', 'bob');
      for (let day = 1; day <= 80; day += 10) {
        await life.pass(10 * DAY);
        await life.token(userId, 'facebook');
      }
      expect(await life.summary(userId, 'facebook')).toMatchObject({ status: 'active' });
      await life.pass(3 * DAY);
      expect(await life.summary(userId, 'facebook')).toMatchObject({ status: 'expiring' });
      await life.pass(7 * DAY);
      const { accessToken } = await life.read(userId, 'facebook');
      life.sandbox.fail({
        path: `${GRAPH}/oauth/access_token`,
        status: 400,
        body: JSON.stringify(DISENGAGED),
      });
      await expect(life.read(userId, 'facebook', accessToken)).rejects.toMatchObject(NEEDS_PERSON);
      expect(await life.summary(userId, 'facebook')).toMatchObject({
        status: 'reauthorization_required',
        reason: 'grant_invalid',
      });
    });
  });

  describe('of Google', () => {
    it('keeps its refresh token over ten renewals of which none brings one (CE-29)', async () => {
      const userId = await life.signIn('google', 'alice');
      const seen = new Set([await life.token(userId, 'google')]);
      const { refreshToken } = await life.read(userId, 'google');
      for (let round = 1; round <= 10; round += 1) {
        await life.pass(HOUR - 480);
        expect(life.asked(GOOGLE_REFRESH)).toBe(round);
        seen.add(await life.token(userId, 'google'));
      }
      expect(life.asked(GOOGLE_REFRESH)).toBe(10);
      expect(seen.size).toBe(11);
      const held = await life.read(userId, 'google');
      expect(held.refreshToken?.reveal()).toBe(refreshToken?.reveal());
      expect(await life.status('/google/v1/userinfo', held.accessToken.reveal())).toBe(200);
    });
  });

  describe('of a GitHub App', () => {
    const refreshBy = async (token = '') => {
      const { clientId, clientSecret } = life.sandbox.githubApp;
      const grant = { grant_type: 'refresh_token', refresh_token: token };
      const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...grant });
      const headers = { accept: 'application/json' };
      const answer = await fetch(life.sandbox.url + GITHUB_TOKEN, { method: 'POST', body, headers });
      return (await answer.json()) as { error?: string };
    };

    it('is a new pair every eight hours, beforehand, and both of the former are dead at once (RR-16)', async () => {
      const userId = await life.signIn('github-app', 'alice');
      for (let round = 1; round <= 3; round += 1) {
        const former = await life.read(userId, 'github-app');
        await life.pass(8 * HOUR - 600);
        const next = await life.read(userId, 'github-app');
        expect(life.asked(`POST ${GITHUB_TOKEN} refresh_token`)).toBe(round);
        const statuses = [former, next].map((set) =>
          life.status('/github/api/user', set.accessToken.reveal()),
        );
        expect(await Promise.all(statuses)).toEqual([401, 200]);
        expect(next.refreshToken?.reveal()).not.toBe(former.refreshToken?.reveal());
        if (round === 3)
          expect(await refreshBy(former.refreshToken?.reveal())).toMatchObject({
            error: 'bad_refresh_token',
          });
      }
    });
  });

  describe('of a GitHub OAuth App', () => {
    const check = () => `/github/api/applications/${life.sandbox.github.clientId}/token`;
    const checks = () => life.asked(`POST ${check()}`);
    const readFiveTimes = (userId: string) =>
      life.atOnce(async () => {
        const tokens = new Set<string>();
        for (let count = 0; count < 5; count += 1) tokens.add(await life.token(userId, 'github'));
        return tokens.size;
      });

    it('has no end: it is asked about once an hour, served while GitHub is down, and over once it is revoked there', async () => {
      const userId = await life.signIn('github', 'bob');
      expect([await readFiveTimes(userId), checks()]).toEqual([1, 0]);
      for (let hour = 1; hour <= 3; hour += 1) {
        await life.pass(HOUR);
        expect([await readFiveTimes(userId), checks()]).toEqual([1, hour]);
      }

      life.sandbox.fail({ path: check(), status: 503, body: 'down' });
      await life.pass(HOUR);
      expect([await readFiveTimes(userId), checks()]).toEqual([1, 4]);
      expect(await life.summary(userId, 'github')).toMatchObject({ status: 'degraded' });

      life.sandbox.clearFaults();
      await life.pass(HOUR);
      expect([await readFiveTimes(userId), checks()]).toEqual([1, 5]);
      life.sandbox.revokeGrants('github', 'bob');
      expect(await readFiveTimes(userId)).toBe(1);
      await life.pass(HOUR);
      await expect(life.read(userId, 'github')).rejects.toMatchObject(NEEDS_PERSON);
      await expect(life.read(userId, 'github')).rejects.toMatchObject(NEEDS_PERSON);
      expect(checks()).toBe(6);
    });
  });

  describe('of X', () => {
    it('is renewed when it is due and not before, whatever the background does, and no spent token is sent (RR-23)', async () => {
      const userId = await life.signIn('x', 'alice');
      for (let quarter = 1; quarter <= 48 * 4; quarter += 1) {
        await life.pass(HOUR / 4);
        if (quarter % 2 === 0) await life.token(userId, 'x');
      }
      expect(life.asked('POST /x/api/2/oauth2/token refresh_token')).toBe(24);
      expect(life.sandbox.reusedXRefreshTokens()).toBe(0);
    }, 120_000);
  });

  describe('whose provider has another time than we have', () => {
    afterEach(() => life.sandbox.skewClocks(0));

    it.each([
      ['google', 300, 0],
      ['google', -300, 0],
      ['x', 300, 1],
      ['x', -300, 0],
    ] as const)(
      'of %s by %d seconds from now on: two hours of reads meet %d times a 401, and do not refresh each (RR-13)',
      async (target, seconds, expected) => {
        const userId = await life.signIn(target, 'noor');
        life.sandbox.skewClocks(seconds);
        let refusals = 0;
        for (let minute = 1; minute <= 120; minute += 1) {
          life.sandbox.advance(60);
          const { accessToken } = await life.read(userId, target);
          if ((await life.status(API[target], accessToken.reveal())) === 200) continue;
          refusals += 1;
          const { accessToken: other } = await life.read(userId, target, accessToken);
          expect(await life.status(API[target], other.reveal())).toBe(200);
        }
        expect(refusals).toBe(expected);
        const requests = Object.entries(life.sandbox.requests()).filter(([name]) =>
          name.endsWith('refresh_token'),
        );
        expect(requests.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(3);
      },
    );
  });
});

/** Where the provider's API takes an access token. */
const API = { google: '/google/v1/userinfo', x: '/x/api/2/users/me' } as const;

/** What Facebook says of a person who was not there for 90 days: https://github.com/MrSwitch/hello.js/issues/548 */
const DISENGAGED = {
  error: {
    message: "The access token is invalid since the user hasn't engaged the app in longer than 90 days.",
    type: 'OAuthException',
    code: 190,
    error_subcode: 493,
  },
};
