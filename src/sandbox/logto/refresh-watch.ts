import type { OutgoingMessage } from 'node:http';
import type { GrantWrapper } from './logto-provider.js';
import type { Records } from './records.js';

/** Counts what an application does with its refresh tokens. The counters begin anew with the sandbox. */
export class RefreshWatch {
  private readonly inFlight = new Map<string, number>();
  private reusedTokens = 0;
  private mostAtOnce = 0;

  constructor(
    private readonly records: Records,
    private readonly consumed: ReadonlySet<string>,
  ) {}

  /** Refresh requests with a token that had been consumed before, or was by a request at the same time. */
  reused(): number {
    return this.reusedTokens;
  }

  /** The highest number of refresh requests of one grant that waited for their answers at the same time. */
  concurrent(): number {
    return this.mostAtOnce;
  }

  /** From the arrival of a refresh request, before any fault delays it, until its connection is done with it. */
  begin(refreshToken: string, answer: OutgoingMessage): void {
    const grantId = this.records.get(`RefreshToken:${refreshToken}`)?.payload['grantId'];
    if (typeof grantId !== 'string') return;
    const atOnce = (this.inFlight.get(grantId) ?? 0) + 1;
    this.inFlight.set(grantId, atOnce);
    this.mostAtOnce = Math.max(this.mostAtOnce, atOnce);
    answer.once('close', () => this.inFlight.set(grantId, (this.inFlight.get(grantId) ?? 1) - 1));
  }

  /** Around the refresh grant: what fails on a consumed token without having consumed it came too late. */
  readonly wrapper: GrantWrapper = (handler) => async (ctx) => {
    try {
      await handler(ctx);
    } catch (error) {
      const { params, entities } = ctx.oidc;
      const cameTooLate = entities.RotatedRefreshToken === undefined;
      if (cameTooLate && this.consumed.has(`RefreshToken:${String(params['refresh_token'])}`)) {
        this.reusedTokens += 1;
      }
      throw error;
    }
  };
}
