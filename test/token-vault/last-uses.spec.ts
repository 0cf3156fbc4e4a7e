import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Clock } from '../../src/common/clock.js';
import { LastUses } from '../../src/token-vault/renewal/last-uses.js';
import type { RenewalSchedule } from '../../src/token-vault/renewal/renewal-schedule.js';
import type { RenewalStore } from '../../src/token-vault/renewal/renewal.store.js';
import type { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';

const TURN_MILLISECONDS = 5000;

describe('the last uses of token sets', () => {
  const written: string[][] = [];
  let isAway: boolean;
  /** Until when whoever asks waits for it to be told. */
  let outage: Promise<void>;
  let endOutage: () => void;
  let uses: LastUses;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    written.length = 0;
    isAway = false;
    outage = Promise.resolve();
    const markUsed = (ids: string[]) =>
      isAway
        ? outage.then(() => Promise.reject(new Error('the database is away')))
        : Promise.resolve(void written.push(ids));
    const schedule = { renewAtOf: () => null } as unknown as RenewalSchedule;
    uses = new LastUses({ markUsed } as unknown as RenewalStore, schedule, new Clock());
  });
  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(['error', 'warn']);
  });

  const use = (id: string) => uses.note({ id, lastUsedAt: null, renewAt: 1 } as StoredSecret);
  const turn = () => jest.advanceTimersByTimeAsync(TURN_MILLISECONDS);

  it('are written down once the database is back, although nobody reads meanwhile', async () => {
    isAway = true;
    use('a');
    await turn();
    await turn();
    isAway = false;
    await turn();
    expect(written).toEqual([['a']]);
    await turn();
    expect(written).toHaveLength(1);
  });

  it('are written down again after an outage in which more came than there is room for', async () => {
    isAway = true;
    for (let index = 0; index <= 10_000; index += 1) use(`used ${index}`);
    await turn();
    isAway = false;
    use('does not fit');
    await turn();
    use('fits again');
    await turn();
    expect(written.flat()).toHaveLength(10_001);
    expect(written.at(-1)).toEqual(['fits again']);
  });

  it('are not tried any more once the application has ended, although a try was under way that fails', async () => {
    isAway = true;
    outage = new Promise((resolve) => (endOutage = resolve));
    use('a');
    await turn();
    const ending = uses.beforeApplicationShutdown();
    endOutage();
    await ending;
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
