import { beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/common/clock.js';
import { Remembered } from '../../src/common/remembered.js';
import { KeyedTurns } from '../../src/common/keyed-turns.js';

describe('what is remembered', () => {
  let clock: Clock;
  let remembered: Remembered<string>;
  let asked: number;

  beforeEach(() => {
    clock = new Clock();
    remembered = new Remembered(clock, { milliseconds: 10_000, limit: 2 });
    asked = 0;
  });

  const answer = (value: string | undefined) => () => {
    asked += 1;
    return Promise.resolve(value);
  };
  const ask = (key: string) => remembered.get(key, answer(key));

  it('is asked for once, also by many at the same time, and again after its time', async () => {
    expect(await Promise.all([ask('a'), ask('a'), ask('a')])).toEqual(['a', 'a', 'a']);
    expect([await ask('a'), remembered.peek('a'), asked]).toEqual(['a', 'a', 1]);
    clock.advance(10);
    expect([remembered.peek('a'), await ask('a'), asked]).toEqual([undefined, 'a', 2]);
  });

  it('goes, the oldest first, when there is too much of it', async () => {
    for (const key of ['a', 'b', 'c']) await ask(key);
    expect([remembered.peek('a'), remembered.peek('b'), remembered.peek('c')]).toEqual([undefined, 'b', 'c']);
  });

  it('is also what becomes known without asking, whatever was being asked meanwhile', async () => {
    let arrive: (value: string) => void = () => undefined;
    const early = remembered.get('a', () => new Promise((resolve) => (arrive = resolve)));
    remembered.keep('a', 'known');
    arrive('old');
    expect([await early, await ask('a'), remembered.peek('a'), asked]).toEqual(['old', 'known', 'known', 0]);
    clock.advance(10);
    expect(remembered.peek('a')).toBeUndefined();
  });

  it('is not what was not found, and not a failure', async () => {
    await remembered.get('a', answer(undefined));
    await expect(remembered.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect([await ask('a'), asked]).toEqual(['a', 2]);
  });

  it('is not the answer to a question that was asked before everything was forgotten', async () => {
    let arrive: (value: string) => void = () => undefined;
    const early = remembered.get('a', () => new Promise((resolve) => (arrive = resolve)));
    remembered.forget('a');
    const late = await remembered.get('a', answer('new'));
    arrive('old');
    expect([await early, late, remembered.peek('a')]).toEqual(['old', 'new', 'new']);
    remembered.forget();
    expect(remembered.peek('a')).toBeUndefined();
  });
});

describe('turns', () => {
  it('are taken one after the other for one key, whatever becomes of them, and freely for others', async () => {
    const turns = new KeyedTurns();
    const order: string[] = [];
    const step = (key: string, name: string, fails = false) =>
      turns.run(key, async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        await Promise.resolve();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const first = step('a', 'first', true);
    await Promise.all([expect(first).rejects.toThrow('first'), step('a', 'second'), step('b', 'other')]);
    expect(order.filter((entry) => !entry.startsWith('other'))).toEqual([
      'first begins',
      'first ends',
      'second begins',
      'second ends',
    ]);
    expect(order.indexOf('other begins')).toBeLessThan(order.indexOf('second begins'));
  });
});
