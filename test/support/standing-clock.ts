import { Clock, systemSeconds } from '../../src/common/clock.js';

/** Moves when it is told to, and never by itself; only its ticks go on. */
export class StandingClock extends Clock {
  private seconds = systemSeconds();

  override now(): number {
    return this.seconds;
  }

  override advance(seconds: number): void {
    super.advance(seconds);
    this.seconds += seconds;
  }
}
