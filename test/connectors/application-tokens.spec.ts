import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LatchkeyError } from '../../src/common/errors.js';
import { Secret } from '../../src/common/secret.js';
import type {
  ApplicationTokens,
  FetchToken,
} from '../../src/connectors/application-tokens/application-tokens.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds } from '../support/databases.js';
import { refusalOf } from '../support/round-trip.js';
import { StandingClock } from '../support/standing-clock.js';
import { Grants, pending, times, TokenStage } from './application-tokens-stage.js';

const KEY = { connectorId: 'wecom', credentials: ['https://api.example', 'corp', 'the-secret-of-the-corp'] };
const LEASE_MILLISECONDS = 10_000;

describe.each(databaseKinds)('tokens of applications on %s', (kind) => {
  let stage: TokenStage;
  let grants: Grants;
  let one: ApplicationTokens;
  let other: ApplicationTokens;

  beforeAll(async () => void (stage = await TokenStage.open(kind, 2)));
  afterAll(() => stage.close());
  beforeEach(async () => {
    await stage.clear();
    grants = new Grants(stage.clock);
    [one, other] = [stage.process(0), stage.process(1)];
  });

  const get = async (at: ApplicationTokens, fetch: FetchToken = grants.fetch) =>
    (await at.get(KEY, fetch)).reveal();
  const renew = async (at: ApplicationTokens, refused: string, fetch: FetchToken = grants.fetch) =>
    (await at.renew(KEY, new Secret(refused), fetch)).reveal();
  const bothOften = (ask: (at: ApplicationTokens) => Promise<string>) =>
    Promise.all(times(100, (index) => ask(index % 2 === 0 ? one : other)));
  const failing =
    (code: 'connector.misconfigured' | 'connector.rate_limited', retryAfterSeconds?: number): FetchToken =>
    () => {
      grants.asked += 1;
      return Promise.reject(new LatchkeyError(code, 'No.', { retryAfterSeconds }));
    };

  describe('are fetched', () => {
    it('once, however many requests of two processes ask at the same time (CE-23)', async () => {
      const tokens = await bothOften((at) => get(at));
      expect(new Set(tokens)).toEqual(new Set(['the-application-token-number-1']));
      expect(grants.asked).toBe(1);
    });

    it('once over a restart of all processes', async () => {
      const token = await get(one);
      expect(await get(stage.process(0))).toBe(token);
      expect(await get(stage.process(1))).toBe(token);
      expect(grants.asked).toBe(1);
    });

    it('five minutes before their end', async () => {
      await get(one);
      stage.clock.advance(7200 - 301);
      expect(await get(one)).toBe('the-application-token-number-1');
      stage.clock.advance(1);
      expect(await get(one)).toBe('the-application-token-number-2');
    });

    it('when three quarters of a short life are over', async () => {
      grants = new Grants(stage.clock, 400);
      await get(one);
      stage.clock.advance(299);
      expect(await get(one)).toBe('the-application-token-number-1');
      stage.clock.advance(1);
      expect(await get(one)).toBe('the-application-token-number-2');
    });

    it('for other credentials apart, and what was granted for the former ones goes once it is over', async () => {
      await get(one);
      const changed = { ...KEY, credentials: [...KEY.credentials, 'changed'] };
      const token = await one.get(changed, grants.fetch);
      expect([token.reveal(), await get(other)]).toEqual([
        'the-application-token-number-2',
        'the-application-token-number-1',
      ]);
      expect(await stage.rows()).toHaveLength(2);
      stage.clock.advance(7200);
      await one.get(changed, grants.fetch);
      expect(await stage.rows()).toHaveLength(1);
    });
  });

  describe('that are due', () => {
    beforeEach(async () => {
      await get(one);
      stage.clock.advance(7200 - 100);
    });

    it('are handed out to others while one process fetches', async () => {
      const slow = pending();
      const waiting = get(one, slow.fetch);
      await slow.started;
      await stage.leaseLasts();
      expect(await get(other)).toBe('the-application-token-number-1');
      slow.answer(grants.fetch);
      expect(await waiting).toBe('the-application-token-number-2');
      expect(await get(other)).toBe('the-application-token-number-2');
    });

    it('are handed out while the provider fails, and never when they are over', async () => {
      expect(await get(one, failing('connector.misconfigured'))).toBe('the-application-token-number-1');
      expect(await get(other)).toBe('the-application-token-number-1');
      expect(grants.asked).toBe(2);
      stage.clock.advance(100);
      await expect(get(one, failing('connector.misconfigured'))).rejects.toMatchObject({
        code: 'connector.misconfigured',
      });
    });
  });

  describe('that the provider refuses', () => {
    it('are fetched anew once, whoever notices and whenever (CE-18)', async () => {
      const refused = await bothOften((at) => get(at));
      const renewed = await bothOften((at) => renew(at, refused[0]));
      expect(new Set(renewed)).toEqual(new Set(['the-application-token-number-2']));
      expect(await renew(stage.process(0), refused[0])).toBe('the-application-token-number-2');
      expect([await get(one), await get(stage.process(1))]).toEqual(times(2, () => renewed[0]));
      expect(grants.asked).toBe(2);
      expect(await renew(other, renewed[0])).toBe('the-application-token-number-3');
    });

    it('are fetched once a minute where the provider grants the very same one again', async () => {
      const refused = await get(one);
      const same: FetchToken = async () => ({ ...(await grants.fetch()), token: new Secret(refused) });
      for (const at of [one, other, one]) expect(await renew(at, refused, same)).toBe(refused);
      expect([await get(one, same), await get(other, same), grants.asked]).toEqual([refused, refused, 2]);
      stage.clock.advance(60);
      expect([await get(one), await get(other), grants.asked]).toEqual([
        ...times(2, () => 'the-application-token-number-3'),
        3,
      ]);
    });
  });

  describe('whose holder', () => {
    it('has died are fetched by another one when the lease is over, and not before, whatever its clock says', async () => {
      const dead = pending();
      const late = get(one, dead.fetch);
      await dead.started;
      const [{ leaseUntil }] = await stage.rows();
      expect(leaseUntil - Date.now()).toBeLessThan(LEASE_MILLISECONDS + 1000);
      await stage.leaseLasts();
      const clock = new StandingClock();
      clock.advance(3600);
      const waiting = get(stage.process(1, TEST_VAULT_KEYS, clock));
      await stage.somebodyWaits();
      expect(grants.asked).toBe(0);
      await stage.leaseEnds();
      expect(await waiting).toBe('the-application-token-number-1');
      dead.answer(grants.fetch);
      await late;
    });

    it('is slow are not written over what another one has fetched since', async () => {
      const slow = pending();
      const late = get(one, slow.fetch);
      await slow.started;
      await stage.leaseEnds();
      const newer = await get(other);
      slow.answer(() => Promise.resolve({ token: new Secret('stale'), expiresAt: stage.clock.now() + 7200 }));
      expect(await late).toBe(newer);
      expect(await get(stage.process(1))).toBe(newer);
    });

    it('is slow are not written while another one is fetching', async () => {
      const [slow, second] = [pending(), pending()];
      const late = get(one, slow.fetch);
      await slow.started;
      await stage.leaseEnds();
      const newer = get(other, second.fetch);
      await second.started;
      await stage.leaseLasts();
      slow.answer(() => Promise.resolve({ token: new Secret('stale'), expiresAt: stage.clock.now() + 7200 }));
      second.answer(grants.fetch);
      expect([await newer, await late]).toEqual(times(2, () => 'the-application-token-number-1'));
    });

    it('is slow and fails neither ends the lease of the next one nor makes others wait', async () => {
      const [slow, second] = [pending(), pending()];
      const late = refusalOf(get(one, slow.fetch));
      await slow.started;
      await stage.leaseEnds();
      const newer = get(other, second.fetch);
      await second.started;
      slow.answer(failing('connector.misconfigured'));
      expect((await late).code).toBe('connector.misconfigured');
      second.answer(grants.fetch);
      expect(await newer).toBe('the-application-token-number-2');
    });
  });

  describe('that cannot be had', () => {
    const codesOf = (fetch: FetchToken) =>
      bothOften(async (at) => (await refusalOf(get(at, fetch))).code).then((codes) => [...new Set(codes)]);

    it('cost one request, however many ask, and all are told why', async () => {
      expect(await codesOf(failing('connector.misconfigured'))).toEqual(['connector.misconfigured']);
      expect(grants.asked).toBe(1);
      const { retryAfterSeconds } = await refusalOf(get(stage.process(1)));
      expect(retryAfterSeconds).toBe(2);
      expect(await stage.rows()).toMatchObject([
        { version: 0, sealed: { ciphertext: '' }, leaseOwner: null },
      ]);
    });

    it('are asked for again after a pause that doubles up to a minute', async () => {
      const pauses: (number | undefined)[] = [];
      for (let attempt = 1; attempt <= 7; attempt += 1) {
        await refusalOf(get(one, failing('connector.misconfigured')));
        expect(grants.asked).toBe(attempt);
        const { retryAfterSeconds = 0 } = await refusalOf(get(other));
        pauses.push(retryAfterSeconds);
        stage.clock.advance(retryAfterSeconds);
      }
      expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60]);
      expect(await get(other)).toBe('the-application-token-number-8');
      expect(await stage.rows()).toMatchObject([{ failures: 0, failureCode: null, retryAt: 0 }]);
    });

    it('are not asked for before the provider says so', async () => {
      await refusalOf(get(one, failing('connector.rate_limited', 600)));
      stage.clock.advance(599);
      const refusal = await refusalOf(get(other));
      expect([refusal.code, refusal.retryAfterSeconds]).toEqual(['connector.rate_limited', 1]);
    });

    it('leave an error that is none of ours to whoever asked', async () => {
      await expect(get(one, () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);
      expect((await refusalOf(get(other))).code).toBe('connector.provider_unavailable');
    });
  });

  describe('at rest', () => {
    it('can be read in no form, and neither can what they were granted for', async () => {
      const token = await get(one);
      const dump = await stage.database.dump();
      expect(dump.includes('wecom')).toBe(true);
      for (const text of [token, ...KEY.credentials.slice(2)])
        for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
          const form = Buffer.from(text).toString(encoding).replace(/=+$/, '').slice(0, -2);
          expect([encoding, dump.includes(form)]).toEqual([encoding, false]);
        }
    });

    it.each([
      ['has another end', { expiresAt: 4_000_000_000, renewAt: 4_000_000_000 }],
      ['belongs to another connector', { connectorId: 'other' }],
      ['is of another version', { version: 7 }],
    ])('do not open in a row that %s, and are fetched anew', async (_, changes) => {
      await get(one);
      await stage.change(changes);
      const key = { ...KEY, connectorId: 'wecom', ...changes };
      expect((await other.get(key, grants.fetch)).reveal()).toBe('the-application-token-number-2');
    });

    it('are fetched anew where the key is gone', async () => {
      await get(one);
      const keys = `new:${Buffer.from('a key that only tests have made!').toString('base64')}`;
      expect(await get(stage.process(1, keys))).toBe('the-application-token-number-2');
    });
  });
});
