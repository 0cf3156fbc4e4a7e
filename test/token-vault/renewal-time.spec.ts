import { describe, expect, it } from '@jest/globals';
import { isFresh } from '../../src/token-vault/freshness.js';
import { RenewalBudget } from '../../src/token-vault/renewal/renewal-budget.js';
import { renewalSettings } from '../../src/token-vault/renewal/renewal.options.js';
import { renewAtOf } from '../../src/token-vault/renewal/renewal-time.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

const secret = {
  state: 'active',
  obtainedAt: 0,
  expiresAt: HOUR,
  hasRefreshToken: true,
  refreshTokenExpiresAt: null,
} as const;
const habits = { refreshMarginSeconds: 300 };
const x = { refreshMarginSeconds: 60, renewsInBackground: false };
const facebook = { refreshMarginSeconds: 30 * DAY, refreshesLivingAccessToken: true };
const longLived = { hasRefreshToken: false, expiresAt: 60 * DAY };

describe('the time of a renewal', () => {
  const range = (changes: object, by: object): [number | null, number | null] => [
    renewAtOf({ ...secret, ...changes }, by, 0),
    renewAtOf({ ...secret, ...changes }, by, 1),
  ];

  it.each([
    ['an hour with a refresh token', {}, habits, [1800, 3120]],
    ['a lifetime that nobody told', { expiresAt: null }, habits, [1800, 3120]],
    [
      'a lifetime that the connector knows',
      { expiresAt: null },
      { assumedLifetimeSeconds: 7200 },
      [3600, 6900],
    ],
    [
      "GitHub App's eight hours",
      { expiresAt: 8 * HOUR, refreshTokenExpiresAt: 184 * DAY },
      habits,
      [14_400, 28_200],
    ],
    ["Facebook's sixty days", longLived, facebook, [30 * DAY, 45 * DAY - 300]],
    ['a refresh token that ends first', { refreshTokenExpiresAt: 1200 }, habits, [900, 1050]],
    ["X's two hours", { expiresAt: 7200 }, x, [null, null]],
    [
      'tokens of X whose end is known',
      { expiresAt: 7200, refreshTokenExpiresAt: 180 * DAY },
      x,
      [173 * DAY, 176.5 * DAY],
    ],
    [
      'a refresh token that no use prolongs',
      { refreshTokenExpiresAt: 1200 },
      { ...habits, refreshTokenIsReusable: true },
      [1800, 3120],
    ],
  ])('of %s is this', (_, changes, by, expected) => {
    expect(range(changes, by)).toEqual(expected);
  });

  it.each([
    ['an access token without an end', { expiresAt: null, hasRefreshToken: false }, habits],
    ['an access token without anything to renew it', { hasRefreshToken: false }, habits],
    ['a token of a few minutes', { expiresAt: 300 }, habits],
    ['a grant that is over', { state: 'revoked' as const }, habits],
  ])('is never for %s', (_, changes, by) => {
    expect(range(changes, by)).toEqual([null, null]);
  });

  it('leaves readers of a token of whatever lifetime something to read until it has passed (RR-23)', () => {
    for (let lifetime = 900; lifetime < 100 * DAY; lifetime = Math.ceil(lifetime * 1.1)) {
      const row = { ...secret, expiresAt: lifetime };
      const latest = renewAtOf(row, habits, 1) ?? NaN;
      expect(latest).toBeGreaterThanOrEqual(lifetime / 2);
      expect(isFresh(row, habits, latest + Math.min(299, lifetime / 20 - 1))).toBe(true);
    }
  });

  it('is left to chance: of many that end together, no minute has more than its share (RR-23)', () => {
    const minutes = new Map<number, number>();
    for (let count = 0; count < 10_000; count += 1) {
      const minute = Math.floor((renewAtOf(secret, habits) ?? NaN) / 60);
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
    }
    expect(minutes.size).toBeGreaterThanOrEqual(22);
    expect(Math.max(...minutes.values())).toBeLessThan(600);
  });
});

describe('the budget of a connector', () => {
  const spent = (budget: RenewalBudget, now: number): number => {
    const count = budget.available(now);
    budget.spend(count);
    return count;
  };

  it('is so many a second, and no more at once however long nobody has asked for them (RR-23)', () => {
    const budget = new RenewalBudget(25);
    expect([0, 0, 400, 1000, 60_000, 60_000].map((now) => spent(budget, now))).toEqual([
      25, 0, 10, 15, 25, 0,
    ]);
  });

  it('is half after a request to slow down, once for those that come together, and whole again after two minutes', () => {
    const budget = new RenewalBudget(20);
    expect(spent(budget, 0)).toBe(20);
    for (let count = 0; count < 10; count += 1) budget.slowDown(100);
    const amounts = [1100, 2100, 3100].map((now) => spent(budget, now));
    expect(Math.max(...amounts)).toBeLessThanOrEqual(11);
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(10);
    expect(spent(budget, 120_000)).toBe(20);
  });

  it('is nothing for as long as the provider wishes', () => {
    const budget = new RenewalBudget(20);
    budget.slowDown(0, 30);
    expect([spent(budget, 29_999), spent(budget, 30_000) > 0]).toEqual([0, true]);
  });
});

describe('the options of renewal', () => {
  it('have defaults, and can say that there is none', () => {
    expect(renewalSettings()).toEqual({ usedWithinDays: 30, perSecond: 25, parallel: 10 });
    expect(renewalSettings({ perSecond: 5, parallel: undefined })).toMatchObject({
      perSecond: 5,
      parallel: 10,
    });
    expect(renewalSettings(false)).toBeUndefined();
  });

  it.each([{ perSecond: 0 }, { parallel: 1.5 }, { usedWithinDays: -1 }])('refuse %j', (options) => {
    expect(() => renewalSettings(options)).toThrow('must be a positive whole number');
  });
});
