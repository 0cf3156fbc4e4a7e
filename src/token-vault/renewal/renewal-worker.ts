import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Leases } from '../../common/leases/leases.js';
import { Renewals } from './renewals.js';
import { StatusWatch } from './status-watch.js';

export interface RenewalTimes {
  /** How long a leader that gives no sign of life is taken for alive. */
  readonly leaseMilliseconds: number;
  /** Between two looks, give or take a half; while more is waiting than could be done, {@link busyMilliseconds}. */
  readonly idleMilliseconds: number;
  readonly busyMilliseconds: number;
}

/** Injection token of the {@link RenewalTimes}. */
export const RENEWAL_TIMES = Symbol('latchkey:renewal-times');

export const renewalTimes: RenewalTimes = {
  leaseMilliseconds: 30_000,
  idleMilliseconds: 10_000,
  busyMilliseconds: 1000,
};

const LEASE = 'renewal';

/**
 * What the vault does without anybody asking, as long as the application runs: one instance of all does it, and when that
 * one ends or falls silent, another. That saves work; nothing would be wrong if two did.
 */
@Injectable()
export class RenewalWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RenewalWorker.name);
  private timer?: NodeJS.Timeout;
  private working?: Promise<boolean>;
  private leads = false;
  private heldAt = -Infinity;
  private stopped = false;

  constructor(
    private readonly leases: Leases,
    private readonly renewals: Renewals,
    private readonly statuses: StatusWatch,
    @Inject(RENEWAL_TIMES) private readonly times: RenewalTimes,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(false);
  }

  /** What was begun is finished, and the next one need not wait. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working?.catch(() => undefined);
    if (this.leads) await this.leases.release(LEASE).catch((error: unknown) => this.complain(error));
  }

  /** One look, if this instance leads. Whether there is more to do at once. */
  turn(): Promise<boolean> {
    this.working ??= this.work().finally(() => (this.working = undefined));
    return this.working;
  }

  private async work(): Promise<boolean> {
    if (!(await this.lead())) return false;
    const timer = setInterval(() => void this.hold().catch(() => undefined), this.patience).unref();
    const goesOn = () => this.leads && !this.stopped;
    try {
      const waiting = await Promise.all([this.renewals.sweep(goesOn), this.statuses.sweep(goesOn)]);
      return waiting.some(Boolean);
    } finally {
      clearInterval(timer);
    }
  }

  private async lead(): Promise<boolean> {
    const isHeld = this.leads && this.clock.ticks() - this.heldAt < this.patience;
    return isHeld || this.hold();
  }

  private async hold(): Promise<boolean> {
    const heldAt = this.clock.ticks();
    this.leads = await this.leases.hold(LEASE, this.times.leaseMilliseconds);
    if (this.leads) this.heldAt = heldAt;
    return this.leads;
  }

  private schedule(isBusy: boolean): void {
    if (this.stopped) return;
    const { idleMilliseconds, busyMilliseconds } = this.times;
    const milliseconds = isBusy ? busyMilliseconds : idleMilliseconds * (0.5 + Math.random());
    this.timer = setTimeout(() => void this.look(), milliseconds).unref();
  }

  private async look(): Promise<void> {
    const isBusy = await this.turn().catch((error: unknown) => this.complain(error));
    this.schedule(isBusy === true);
  }

  private complain(error: unknown): void {
    this.logger.warn(`Nothing could be renewed: ${String(error)}`);
  }

  /** A lease is prolonged when a third of it is over. */
  private get patience(): number {
    return this.times.leaseMilliseconds / 3;
  }
}
