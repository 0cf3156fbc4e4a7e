import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { RefreshSignals } from '../../src/token-vault/refresh-signals.js';

/** A pool whose connections stay, while the server takes no LISTEN, as a standby does. */
class DeafPool {
  taken = 0;
  released = 0;
  private readonly listeners: ((error: Error) => void)[] = [];

  connect = () => {
    this.taken += 1;
    let isReleased = false;
    return Promise.resolve({
      on: (event: string, listener: (error: Error) => void) =>
        void (event === 'error' && this.listeners.push(listener)),
      query: () => Promise.reject(new Error('cannot execute LISTEN during recovery')),
      release: () => {
        if (isReleased)
          throw new Error('Release called on client which has already been released to the pool.');
        isReleased = true;
        this.released += 1;
      },
    });
  };

  breakAll(): void {
    for (const listener of this.listeners) listener(new Error('Connection terminated unexpectedly'));
  }
}

describe('a listener for refreshes of other instances', () => {
  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(['error', 'warn']));

  const signalsOn = (pool: DeafPool): RefreshSignals =>
    new RefreshSignals({ options: { type: 'postgres' }, driver: { master: pool } } as unknown as DataSource);

  it('gives its connection back where it cannot listen, and looks at the row by itself', async () => {
    const pool = new DeafPool();
    const signals = signalsOn(pool);
    for (let times = 0; times < 5; times += 1) await signals.wait('a row');
    expect([pool.taken, pool.released]).toEqual([1, 1]);
    await signals.beforeApplicationShutdown();
  });

  it('survives a connection that breaks once more after it was given back', async () => {
    const pool = new DeafPool();
    const signals = signalsOn(pool);
    await signals.wait('a row');
    pool.breakAll();
    await signals.beforeApplicationShutdown();
    pool.breakAll();
    expect(pool.released).toBe(pool.taken);
  });

  it('takes no connection once the application ends', async () => {
    const pool = new DeafPool();
    const signals = signalsOn(pool);
    await signals.beforeApplicationShutdown();
    await signals.wait('a row');
    expect(pool.taken).toBe(0);
  });
});
