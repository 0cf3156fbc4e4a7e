import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { KeyedTurns } from '../../common/keyed-turns.js';
import { Deliveries, type BegunDelivery } from './deliveries.js';
import { DeliveryUpkeep } from './delivery-upkeep.js';
import { HookSecretsSealer } from './hook-secrets.js';
import { Lanes } from './lanes.js';
import { messageOf } from './message.js';
import { WebhookSender } from './webhook-sender.js';

/** Requests to one webhook at a time, per instance. */
const PARALLEL = 4;
/** Webhooks at a time, per instance: with the one above, what it asks at most of database and network. */
const LANES = 20;
/** After which a webhook begins nothing more until others have had their turn. */
const TURN_MILLISECONDS = 10_000;
const INTERVAL_MILLISECONDS = 500;

/**
 * Sends what is due, on every instance. Each webhook has a lane of its own, so a slow one holds up no other; where many
 * have something to send, they take turns.
 */
@Injectable()
export class Deliverer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private readonly lanes = new Lanes(LANES, (hookId) => this.lane(hookId));
  private readonly turns = new KeyedTurns();
  private timer?: NodeJS.Timeout;
  private looking?: Promise<void>;
  private stopped = false;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly upkeep: DeliveryUpkeep,
    private readonly secrets: HookSecretsSealer,
    private readonly sender: WebhookSender,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(INTERVAL_MILLISECONDS);
  }

  /** Looks now, and not only at the next turn: there is something to send. */
  wake(): void {
    if (this.timer) this.schedule(0);
  }

  /** Begins nothing more, and waits for what was begun: ten seconds at most. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.lanes.settled();
  }

  private schedule(milliseconds: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.looking ??= this.look().finally(() => {
        this.looking = undefined;
        this.schedule(INTERVAL_MILLISECONDS);
      });
    }, milliseconds).unref();
  }

  private async look(): Promise<void> {
    try {
      this.lanes.enter(await this.deliveries.hooksWithWork());
      await this.upkeep.whenDue();
    } catch (error) {
      this.logger.warn(`The database did not answer: ${String(error)}`);
    }
  }

  private async lane(hookId: string): Promise<void> {
    const until = this.clock.ticks() + TURN_MILLISECONDS;
    const senders = Array.from({ length: PARALLEL }, () => this.deliverUntil(until, hookId));
    for (const ended of await Promise.allSettled(senders))
      if (ended.status === 'rejected')
        this.logger.warn(`The database did not answer: ${String(ended.reason)}`);
  }

  private async deliverUntil(until: number, hookId: string): Promise<void> {
    while (this.clock.ticks() < until) {
      const begun = await this.turns.run(hookId, () => this.take(hookId));
      if (!begun) return;
      await this.attempt(begun);
    }
  }

  /**
   * One takes at a time, so that those of one instance do not reach for the same row. SQLite answers without a pause:
   * requests are served in the one that is made here.
   */
  private async take(hookId: string): Promise<BegunDelivery | undefined> {
    await setImmediate();
    return this.stopped ? undefined : this.deliveries.take(hookId);
  }

  private async attempt(begun: BegunDelivery): Promise<void> {
    const { hook, delivery } = begun;
    let status: number;
    try {
      status = await this.send(begun);
    } catch (error) {
      const problem = isLatchkeyError(error) ? error.code : String(error);
      this.logger.warn(
        `${hook.id}: delivery ${delivery.id}: attempt ${delivery.attempts} failed: ${problem}`,
      );
      return this.deliveries.failed(delivery, error);
    }
    await this.deliveries.succeeded(delivery, status);
  }

  private async send({ hook, delivery }: BegunDelivery): Promise<number> {
    const secrets = await this.secrets.open(hook);
    return this.sender.send({ url: hook.url, secrets }, messageOf(delivery));
  }
}
