import { Clock, systemSeconds } from '../common/clock.js';

/**
 * The time as the providers see it: it can be moved, and be off by a skew. Moments that they tell (an ID token's
 * `exp`, the end of a rate limit) and judge by are shifted; lifetimes stay what they are.
 */
export class ProviderClock extends Clock {
  private skewSeconds = 0;

  override now(): number {
    return super.now() + this.skewSeconds;
  }

  /** For what a relying party judges by the system's time, which {@link Clock.advance} does not move. */
  systemNow(): number {
    return systemSeconds() + this.skewSeconds;
  }

  /** From now on off by so many seconds, ahead or (negative) behind. */
  skew(seconds: number): void {
    this.skewSeconds = seconds;
  }
}
