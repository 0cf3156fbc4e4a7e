import { Injectable } from '@nestjs/common';

/**
 * The one place that reads the time. Whatever is stored or judged by Latchkey itself (expiry of tokens,
 * sessions, transactions) asks an injected clock; checks that a library makes by the system's time
 * (an ID token's `exp`) have their other half by {@link systemSeconds}.
 */
@Injectable()
export class Clock {
  private offsetSeconds = 0;

  /** Seconds since the epoch, whole. */
  now(): number {
    return systemSeconds() + this.offsetSeconds;
  }

  /** Milliseconds since some moment, never set back by the system: for how long something has been going on. */
  ticks(): number {
    return systemTicks() + this.offsetSeconds * 1000;
  }

  /** Moves this clock forward. For tests, and for the sandbox that lets an hour pass; production never calls it. */
  advance(seconds: number): void {
    this.offsetSeconds += seconds;
  }
}

/** Seconds since the epoch by the system's clock, whole. */
export const systemSeconds = (): number => Math.floor(Date.now() / 1000);

/** Milliseconds since some moment, never set back. */
export const systemTicks = (): number => performance.now();
