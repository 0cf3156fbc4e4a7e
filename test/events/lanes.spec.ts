import { beforeEach, describe, expect, it } from '@jest/globals';
import { Lanes } from '../../src/events/webhooks/lanes.js';

describe('lanes', () => {
  /** Those that have begun, in their order, and how they end. */
  let begun: [key: string, end: () => void][];
  let lanes: Lanes;

  beforeEach(() => {
    begun = [];
    lanes = new Lanes(2, (key) => new Promise((resolve) => void begun.push([key, resolve])));
  });

  const keys = () => begun.map(([key]) => key);
  const end = async (...indices: number[]) => {
    for (const index of indices) begun[index]?.[1]();
    await new Promise(setImmediate);
  };

  it('run so many at a time, the others in the order in which they came', async () => {
    lanes.enter(['a', 'b', 'c', 'd']);
    expect(keys()).toEqual(['a', 'b']);
    await end(1);
    expect(keys()).toEqual(['a', 'b', 'c']);
    await end(0, 2);
    expect(keys()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('run one at a time for a key, which comes last when it comes again', async () => {
    lanes.enter(['a', 'b', 'c']);
    lanes.enter(['a', 'c']);
    await end(0);
    lanes.enter(['a', 'b', 'c']);
    await end(1);
    expect(keys()).toEqual(['a', 'b', 'c', 'a']);
    await end(2, 3);
    expect(keys()).toEqual(['a', 'b', 'c', 'a']);
  });

  it('are settled once nobody waits or runs', async () => {
    let isSettled = false;
    lanes.enter(['a', 'b', 'c']);
    const settled = lanes.settled().then(() => (isSettled = true));
    await end(0, 1);
    expect([keys(), isSettled]).toEqual([['a', 'b', 'c'], false]);
    await end(2);
    await settled;
  });
});
