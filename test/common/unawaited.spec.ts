import { expect, it } from '@jest/globals';
import { Unawaited } from '../../src/common/unawaited.js';

it('waits in the end for everything that was begun, also meanwhile, however it ends', async () => {
  const work = new Unawaited();
  const told: string[] = [];
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  const failing = work.add(pause().then(() => Promise.reject(new Error('it failed'))));
  failing.catch(() => told.push('failed'));
  void work.add(
    pause().then(() => void work.add(pause().then(() => told.push('what was begun by what was begun')))),
  );
  await work.settled();
  expect(told).toEqual(['failed', 'what was begun by what was begun']);
  await work.settled();
});
