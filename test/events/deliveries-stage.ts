import type { Clock } from '../../src/common/clock.js';
import type { LatchkeyEvent } from '../../src/events/event.js';
import { PublishedEvent } from '../../src/events/published-event.entity.js';
import { Deliverer } from '../../src/events/webhooks/deliverer.js';
import { Delivery } from '../../src/events/webhooks/delivery.entity.js';
import { temporaryDatabase, type DatabaseKind, type TemporaryDatabase } from '../support/databases.js';
import { StandingClock } from '../support/standing-clock.js';
import { Receiver } from './receiver.js';
import { startInstance, stored, until, type Instance, type InstanceOptions } from './stage.js';

export interface Log {
  readonly id: string;
  readonly key: string;
  readonly payload: {
    readonly result: string;
    readonly error?: string;
    readonly attempts: number;
    readonly response?: { readonly statusCode: number };
    readonly attemptedAt: string | null;
    readonly nextAttemptAt: string | null;
    readonly hookRequest: { readonly body: { readonly userId: string } };
  };
}

export interface MadeHook {
  readonly id: string;
  readonly signingKey: string;
}

/** One instance with an endpoint that tests may make behave as they like, and one more beside it. */
export class DeliveriesStage {
  private readonly instances: Instance[];

  private constructor(
    readonly database: TemporaryDatabase,
    readonly clock: Clock,
    readonly receiver: Receiver,
    readonly other: Receiver,
    readonly instance: Instance,
  ) {
    this.instances = [instance];
  }

  static async open(kind: DatabaseKind): Promise<DeliveriesStage> {
    const [receiver, other] = await Promise.all([Receiver.start(), Receiver.start()]);
    const database = await temporaryDatabase(kind);
    const clock = new StandingClock();
    const instance = await startInstance({ databaseUrl: database.url, clock, receivers: [receiver, other] });
    return new DeliveriesStage(database, clock, receiver, other, instance);
  }

  /** A further process on the same database, whose clock goes alike. */
  async process(options: Partial<InstanceOptions> = {}): Promise<Instance> {
    const { clock, receiver, other } = this;
    const instance = await startInstance({
      databaseUrl: this.database.url,
      clock,
      receivers: [receiver, other],
      ...options,
    });
    this.instances.push(instance);
    return instance;
  }

  async hook({ url }: Receiver = this.receiver, more: object = {}): Promise<MadeHook> {
    const body = { name: 'Ours', events: ['TokenSet.Stored'], config: { url }, ...more };
    const answer = await this.instance.ask('POST', 'hooks', body);
    return { id: String(answer.body['id']), signingKey: String(answer.body['signingKey']) };
  }

  publish(...users: string[]): Promise<void[]> {
    return Promise.all(
      users.map((user) => this.instance.events.publish(stored(user) satisfies LatchkeyEvent)),
    );
  }

  async logs({ id }: MadeHook, query = 'page_size=100'): Promise<Log[]> {
    return (await this.instance.ask('GET', `hooks/${id}/recent-logs?${query}`)).list as unknown as Log[];
  }

  results = async (hook: MadeHook): Promise<string[]> =>
    (await this.logs(hook)).map(({ payload }) => payload.result);

  /** Looks on until so many requests have arrived, and what came of them is written down. */
  async arrived(hook: MadeHook, attempts: number, receiver = this.receiver): Promise<void> {
    await until(() => receiver.requests.length >= attempts, `${attempts} requests arrive`);
    await this.settled(hook);
  }

  async settled({ id: hookId }: MadeHook): Promise<void> {
    const rows = this.instance.dataSource.getRepository(Delivery);
    await until(async () => this.isSettled(await rows.findBy({ hookId })), 'attempts end');
  }

  /** Each has been attempted, what came of it is written down, and what waits, waits for its time. */
  isSettled(deliveries: readonly Delivery[]): boolean {
    return deliveries.every(
      ({ hookId, attemptedAt, dueAt }) =>
        attemptedAt !== null && (dueAt === null || dueAt > this.clock.now()) && !this.isServed(hookId),
    );
  }

  /** An attempt may be under way, of which the receivers know nothing yet, or the rows. */
  isServed(hookId: string): boolean {
    return this.instances.some((instance) => lanesOf(instance)['running'].has(hookId));
  }

  /** Lets time pass until one more attempt is made, and ends. */
  async nextAttempt(hook: MadeHook, seconds: number): Promise<void> {
    const attempts = this.receiver.requests.length + 1;
    this.clock.advance(seconds);
    await this.arrived(hook, attempts);
  }

  /** Nothing of a test reaches into the next one: no event that is handed on late, no attempt under way. */
  async reset(): Promise<void> {
    const events = this.instance.dataSource.getRepository(PublishedEvent);
    await until(async () => (await events.count()) === 0, 'all events are handed on');
    for (const { id } of (await this.instance.ask('GET', 'hooks')).list as unknown as MadeHook[])
      await this.instance.ask('DELETE', `hooks/${id}`);
    await Promise.all(this.instances.map((instance) => lanesOf(instance).settled()));
    this.receiver.reset();
    this.other.reset();
  }

  async close(): Promise<void> {
    await Promise.all([this.receiver.close(), this.other.close()]);
    await this.instance.close();
    await this.database.drop();
  }
}

const lanesOf = (instance: Instance) => instance.get(Deliverer)['lanes'];
