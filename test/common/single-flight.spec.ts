import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NextFlight } from '../../src/common/single-flight.js';

describe('NextFlight', () => {
  /** Moves when it is told to, and never by itself. */
  let now = 0;
  beforeEach(() => void jest.spyOn(performance, 'now').mockImplementation(() => now));
  afterEach(() => void jest.restoreAllMocks());

  /** Actions that end when they are told to. */
  function actions() {
    const ends: (() => void)[] = [];
    const begin = () =>
      new Promise<number>((resolve) => {
        const number = ends.length + 1;
        ends.push(() => resolve(number));
      });
    return { ends, begin };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('gives nobody what was begun before they asked, and begins once for all who ask meanwhile', async () => {
    const flights = new NextFlight<number>();
    const { ends, begin } = actions();
    const first = flights.run('a', begin);
    const others = [1, 2, 3].map(() => flights.run('a', begin));
    await settle();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    expect(await first).toBe(1);
    await settle();
    const later = flights.run('a', begin);
    ends[1]?.();
    expect(await Promise.all(others)).toEqual([2, 2, 2]);
    await settle();
    ends[2]?.();
    expect(await later).toBe(3);
    expect(ends).toHaveLength(3);
  });

  it('keeps keys apart, and begins at once where nothing is in flight any more', async () => {
    const flights = new NextFlight<number>();
    const { ends, begin } = actions();
    const [one, other] = [flights.run('a', begin), flights.run('b', begin)];
    for (const end of ends) end();
    expect(await Promise.all([one, other])).toEqual([1, 2]);
    const again = flights.run('a', begin);
    expect(ends).toHaveLength(3);
    ends[2]?.();
    expect(await again).toBe(3);
  });

  it('leaves alone a flight that does not come to an end', async () => {
    const flights = new NextFlight<number>();
    const { ends, begin } = actions();
    const stuck = flights.run('a', begin);
    const behind = flights.run('a', begin);
    now += 251;
    const alone = flights.run('a', begin);
    ends[1]?.();
    expect(await alone).toBe(2);
    ends[0]?.();
    expect(await stuck).toBe(1);
    await settle();
    ends[2]?.();
    expect(await behind).toBe(3);
    const again = flights.run('a', begin);
    ends[3]?.();
    expect(await again).toBe(4);
  });

  it('goes on after a flight that fails, which only its own callers hear of', async () => {
    const flights = new NextFlight<string>();
    const failing = flights.run('a', () => Promise.reject(new Error('it failed')));
    const next = flights.run('a', () => Promise.resolve('well'));
    await expect(failing).rejects.toThrow('it failed');
    expect(await next).toBe('well');
    await expect(flights.run('a', () => Promise.reject(new Error('again')))).rejects.toThrow('again');
    expect(await flights.run('a', () => Promise.resolve('well'))).toBe('well');
  });
});
