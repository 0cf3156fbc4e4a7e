import type { Clock } from '../../common/clock.js';

const WINDOW_SECONDS = 900;
const LIMIT = 75;

interface Window {
  readonly used: number;
  readonly resetAt: number;
}

/** 75 calls in 15 minutes for each person: https://docs.x.com/x-api/fundamentals/rate-limits */
export class RateLimit {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly clock: Clock) {}

  /** Counts a call; `isExceeded` when it was one too many. */
  count(key: string): { isExceeded: boolean; headers: Record<string, string> } {
    const now = this.clock.now();
    const known = this.windows.get(key);
    const current =
      known !== undefined && known.resetAt > now ? known : { used: 0, resetAt: now + WINDOW_SECONDS };
    const used = current.used + 1;
    this.windows.set(key, { ...current, used });
    const headers = {
      'x-rate-limit-limit': String(LIMIT),
      'x-rate-limit-remaining': String(Math.max(LIMIT - used, 0)),
      'x-rate-limit-reset': String(current.resetAt),
    };
    return { isExceeded: used > LIMIT, headers };
  }
}
