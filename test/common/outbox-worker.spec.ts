import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outbox } from '../../src/common/outbox/outbox.js';
import type { OutboxRow } from '../../src/common/outbox/outbox-row.js';
import { OutboxWorker } from '../../src/common/outbox/outbox-worker.js';

const row = (id: string): OutboxRow => ({ id, dueAt: 0, attempts: 1, lastError: null, createdAt: 0 });

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a sweep of an outbox', () => {
  let due: OutboxRow[];
  let attempted: string[];
  /** What has been asked of the database, and answers when the test says so: with what was due when it was asked. */
  let looks: { answer: () => void; fail: () => void }[];
  let worker: OutboxWorker<OutboxRow>;

  beforeEach(() => {
    [due, attempted, looks] = [[], [], []];
    const take = () =>
      new Promise<OutboxRow[]>((resolve, reject) => {
        const found = due.splice(0);
        looks.push({ answer: () => resolve(found), fail: () => reject(new Error('no answer')) });
      });
    worker = new OutboxWorker({
      name: 'Test',
      outbox: { take, done: () => Promise.resolve() } as unknown as Outbox<OutboxRow>,
      attempt: async ({ id }) => void attempted.push(id),
      parallel: 8,
      intervalMilliseconds: 1_000_000,
    });
  });

  it('looks anew where another one is under way, which may have looked already', async () => {
    const first = worker.sweep();
    await turn();
    due.push(row('later'));
    const second = worker.sweep();
    looks[0].answer();
    await first;
    expect(attempted).toEqual([]);
    await turn();
    looks[1].answer();
    await second;
    expect(attempted).toEqual(['later']);
  });

  it('is one for all who ask while another one is under way', async () => {
    void worker.sweep();
    await turn();
    const others = [worker.sweep(), worker.sweep(), worker.sweep()];
    looks[0].answer();
    await turn();
    looks[1].answer();
    await Promise.all(others);
    expect(looks).toHaveLength(2);
  });

  it('comes after one that failed, and ends with the worker however it ends', async () => {
    const first = worker.sweep();
    await turn();
    const second = worker.sweep();
    looks[0].fail();
    await expect(first).rejects.toThrow('no answer');
    await turn();
    const stopped = worker.stop();
    looks[1].fail();
    await expect(second).rejects.toThrow('no answer');
    await stopped;
    await worker.sweep();
    expect(looks).toHaveLength(2);
  });
});
