import type { Clock } from '../../common/clock.js';

const WINDOW_SECONDS = 60;

/** WeCom blocks whoever asks for tokens too often; how often that is, it does not tell. */
export class TokenQuota {
  private requests: readonly { readonly corpId: string; readonly at: number }[] = [];
  private perMinute = 60;

  constructor(private readonly clock: Clock) {}

  allow(perMinute: number): void {
    this.perMinute = perMinute;
  }

  /** Whether one more request of this company is within the quota; it counts only then. */
  take(corpId: string): boolean {
    const now = this.clock.now();
    this.requests = this.requests.filter(({ at }) => now - at < WINDOW_SECONDS);
    if (this.requests.filter((request) => request.corpId === corpId).length >= this.perMinute) return false;
    this.requests = [...this.requests, { corpId, at: now }];
    return true;
  }
}
