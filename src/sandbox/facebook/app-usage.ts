import type { Clock } from '../../common/clock.js';
import { everyone } from '../personas.js';

const WINDOW_SECONDS = 3600;
/** https://developers.facebook.com/docs/graph-api/overview/rate-limiting: 200 calls an hour for each user. */
const CALLS_PER_WINDOW = 200 * everyone.length;

/** How much of its hourly calls an app has used, in per cent. The sandbox tells it and refuses nobody. */
export class AppUsage {
  private windowStart = 0;
  private calls = 0;

  constructor(private readonly clock: Clock) {}

  /** Counts one call, and is the value of its `X-App-Usage`. */
  header(): string {
    if (this.clock.now() - this.windowStart >= WINDOW_SECONDS) {
      this.windowStart = this.clock.now();
      this.calls = 0;
    }
    this.calls += 1;
    const percent = Math.min(100, Math.ceil((100 * this.calls) / CALLS_PER_WINDOW));
    return JSON.stringify({ call_count: percent, total_cputime: percent, total_time: percent });
  }
}
