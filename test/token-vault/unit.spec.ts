import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/common/secret.js';
import { retryDelaySeconds } from '../../src/common/back-off.js';
import { isFresh, nextStatusAt, statusOf } from '../../src/token-vault/freshness.js';
import { mergeTokenSets } from '../../src/token-vault/merge.js';
import { SingleFlight } from '../../src/common/single-flight.js';
import { splitScope, tokenSetOf } from '../../src/connectors/token-set.js';

const DAY_SECONDS = 24 * 60 * 60;

describe('a token answer', () => {
  it('counts its lifetime from before it was asked for, and keeps what is there', () => {
    const set = tokenSetOf(
      { access_token: 'a', refresh_token: 'r', token_type: 'bearer', scope: 'x  y x', expires_in: 3599.9 },
      1000,
    );
    expect(set).toMatchObject({ tokenType: 'Bearer', scope: ['x', 'y'], expiresAt: 4599 });
    expect([set.accessToken.reveal(), set.refreshToken?.reveal()]).toEqual(['a', 'r']);
  });

  it('leaves absent what the provider did not say', () => {
    const set = tokenSetOf({ access_token: 'a', token_type: 'Bearer' }, 1000);
    expect(set).toMatchObject({ refreshToken: undefined, scope: undefined, expiresAt: undefined });
    expect(splitScope('')).toEqual([]);
  });
});

describe('a newer answer', () => {
  const held = {
    accessToken: new Secret('old'),
    refreshToken: new Secret('keep'),
    tokenType: 'Bearer',
    scope: ['x'],
    expiresAt: 4600,
    obtainedAt: 1000,
  };
  const bare = { accessToken: new Secret('new'), tokenType: 'Bearer' };

  it('keeps refresh token, scope and usual lifetime where it is silent', () => {
    const merged = mergeTokenSets(held, bare, 9000);
    expect(merged).toMatchObject({ scope: ['x'], expiresAt: 12_600 });
    expect([merged.accessToken.reveal(), merged.refreshToken?.reveal()]).toEqual(['new', 'keep']);
  });

  it('replaces what it brings', () => {
    const merged = mergeTokenSets(
      held,
      { ...bare, refreshToken: new Secret('rotated'), scope: ['y'], expiresAt: 9100 },
      9000,
    );
    expect(merged).toMatchObject({ scope: ['y'], expiresAt: 9100 });
    expect(merged.refreshToken?.reveal()).toBe('rotated');
  });

  it('stands alone where nothing was held', () => {
    expect(mergeTokenSets(undefined, bare, 9000)).toMatchObject({
      refreshToken: undefined,
      scope: undefined,
      expiresAt: undefined,
    });
  });
});

describe('freshness', () => {
  it.each([
    ['plenty of time', 4600, 1000, 1000, true],
    ['a second before the margin', 4600, 1000, 4299, true],
    ['at the margin', 4600, 1000, 4300, false],
    ['expired', 4600, 1000, 4600, false],
    ['a token of one minute, just obtained', 1060, 1000, 1000, true],
    ['a token of one minute, 45 s later', 1060, 1000, 1045, false],
    ['no expiry known', null, 1000, 99_999, true],
  ])('%s', (_, expiresAt, obtainedAt, now, fresh) => {
    expect(
      isFresh({ expiresAt, obtainedAt, hasRefreshToken: false }, { refreshMarginSeconds: 300 }, now),
    ).toBe(fresh);
  });

  const row = { state: 'active', failures: 0, hasRefreshToken: true, expiresAt: 4600 } as Parameters<
    typeof statusOf
  >[0];

  it.each([
    ['renewable', {}, 'active'],
    ['renewable and expired', { expiresAt: 10 }, 'active'],
    ['not renewable, still good', { hasRefreshToken: false }, 'expiring'],
    ['not renewable and expired', { hasRefreshToken: false, expiresAt: 10 }, 'reauthorization_required'],
    ['without expiry', { hasRefreshToken: false, expiresAt: null }, 'active'],
    ['failing', { failures: 2 }, 'degraded'],
    ['given up', { state: 'reauthorization_required', failures: 2 }, 'reauthorization_required'],
  ] as const)('the status of a token set that is %s', (_, changes, status) => {
    expect(statusOf({ ...row, ...changes }, 1000)).toBe(status);
  });

  it('is expiring within the last week of an access token that brings its own successor', () => {
    const living = { ...row, hasRefreshToken: false, expiresAt: 1000 + 8 * DAY_SECONDS };
    expect(nextStatusAt(living, 1000)).toBe(1000 + DAY_SECONDS);
    expect(statusOf(living, 1000 + DAY_SECONDS - 1, true)).toBe('active');
    expect(statusOf(living, 1000 + DAY_SECONDS, true)).toBe('expiring');
    expect(nextStatusAt(living, 1000 + DAY_SECONDS)).toBe(living.expiresAt);
  });
});

describe('the delay after failures', () => {
  it('doubles up to five minutes, with at most half of it left to chance', () => {
    for (const [failures, ceiling] of [
      [0, 4],
      [1, 8],
      [5, 128],
      [8, 300],
      [400, 300],
    ] as const) {
      const delays = Array.from({ length: 200 }, () => retryDelaySeconds(failures));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(ceiling / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(ceiling);
    }
    expect(new Set(Array.from({ length: 200 }, () => retryDelaySeconds(8))).size).toBeGreaterThan(20);
  });
});

describe('a single flight', () => {
  it('shares one action among those who ask meanwhile, and starts anew afterwards', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const action = async () => {
      await Promise.resolve();
      return (runs += 1);
    };
    expect(
      await Promise.all([flights.run('a', action), flights.run('a', action), flights.run('b', action)]),
    ).toEqual([1, 1, 2]);
    expect(await flights.run('a', action)).toBe(3);
  });

  it('shares a failure too, and does not remember it', async () => {
    const flights = new SingleFlight<number>();
    const failing = () => Promise.reject(new Error('no'));
    const outcomes = await Promise.allSettled([flights.run('a', failing), flights.run('a', failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', () => Promise.resolve(1))).toBe(1);
  });
});
