import { jest } from '@jest/globals';

/**
 * The system's own clocks, standing until they are moved forward, for what does not ask the injected one: the pause between
 * two looks at a key set is kept by the system's time, of the package `jose` too.
 */
export class SystemTime {
  private offsetMilliseconds = 0;
  private readonly spies: { mockRestore(): void }[];

  constructor() {
    const [now, ticks] = [Date.now(), performance.now()];
    this.spies = [
      jest.spyOn(Date, 'now').mockImplementation(() => now + this.offsetMilliseconds),
      jest.spyOn(performance, 'now').mockImplementation(() => ticks + this.offsetMilliseconds),
    ];
  }

  advance(seconds: number): void {
    this.offsetMilliseconds += seconds * 1000;
  }

  restore(): void {
    for (const spy of this.spies) spy.mockRestore();
  }
}

/** For what is judged to the second: meanwhile the system's clocks stand, and only those move that a test advances. */
export async function inNoTime(action: () => Promise<void>): Promise<void> {
  const time = new SystemTime();
  try {
    await action();
  } finally {
    time.restore();
  }
}
