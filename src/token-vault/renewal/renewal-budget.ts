/** After a request to slow down, so long until the whole rate is allowed again. */
const RECOVERY_MILLISECONDS = 60_000;
const LEAST_PER_SECOND = 0.5;

/**
 * How many renewals one connector instance may begin: so many a second and no more at once, half as many whenever the
 * provider asks to slow down, and step by step more again. Times are milliseconds by `Clock.ticks`.
 */
export class RenewalBudget {
  private rate: number;
  private left = 0;
  private lookedAt = -Infinity;
  private slowedAt = -Infinity;
  private pausedUntil = -Infinity;

  constructor(private readonly perSecond: number) {
    this.rate = perSecond;
  }

  /** How many may begin now. */
  available(now: number): number {
    if (now < this.pausedUntil) return 0;
    const milliseconds = Math.min(now - this.lookedAt, RECOVERY_MILLISECONDS);
    this.lookedAt = now;
    this.rate = Math.min(this.perSecond, this.rate + (this.perSecond * milliseconds) / RECOVERY_MILLISECONDS);
    const most = Math.max(1, this.rate);
    this.left = Math.min(most, this.left + (this.rate * milliseconds) / 1000);
    return Math.floor(this.left);
  }

  /** So many have been begun. */
  spend(count: number): void {
    this.left -= count;
  }

  /** Requests that were on their way together count once. */
  slowDown(now: number, pauseSeconds = 0): void {
    this.pausedUntil = Math.max(this.pausedUntil, now + pauseSeconds * 1000);
    if (now - this.slowedAt < 1000) return;
    this.slowedAt = now;
    this.left = 0;
    this.rate = Math.max(LEAST_PER_SECOND, this.rate / 2);
  }
}
