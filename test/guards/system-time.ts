import { jest } from '@jest/globals';

/**
 * Moves the system's own clocks forward, for what does not ask the injected one: the pause between two looks at a key
 * set is kept by the system's time, of the package `jose` too.
 */
export class SystemTime {
  private offsetMilliseconds = 0;
  private readonly spies: { mockRestore(): void }[];

  constructor() {
    const [now, ticks] = [Date.now.bind(Date), performance.now.bind(performance)];
    this.spies = [
      jest.spyOn(Date, 'now').mockImplementation(() => now() + this.offsetMilliseconds),
      jest.spyOn(performance, 'now').mockImplementation(() => ticks() + this.offsetMilliseconds),
    ];
  }

  advance(seconds: number): void {
    this.offsetMilliseconds += seconds * 1000;
  }

  restore(): void {
    for (const spy of this.spies) spy.mockRestore();
  }
}
