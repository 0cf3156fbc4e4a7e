import type { Clock } from '../../src/common/clock.js';
import type { LatchkeyEvent } from '../../src/events/event.js';
import { Deliveries } from '../../src/events/webhooks/deliveries.js';
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
  /** Ids of deliveries, one for each attempt whose outcome is written down. */
  private readonly ended: string[] = [];

  private constructor(
    readonly database: TemporaryDatabase,
    readonly clock: Clock,
    readonly receiver: Receiver,
    readonly other: Receiver,
    readonly instance: Instance,
  ) {}

  static async open(kind: DatabaseKind): Promise<DeliveriesStage> {
    const [receiver, other] = await Promise.all([Receiver.start(), Receiver.start()]);
    const database = await temporaryDatabase(kind);
    const clock = new StandingClock();
    const instance = await startInstance({ databaseUrl: database.url, clock, receivers: [receiver, other] });
    const stage = new DeliveriesStage(database, clock, receiver, other, instance);
    stage.watch(instance);
    return stage;
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
    this.watch(instance);
    return instance;
  }

  private watch(instance: Instance): void {
    const deliveries = instance.get(Deliveries);
    const [succeeded, failed] = [deliveries.succeeded.bind(deliveries), deliveries.failed.bind(deliveries)];
    deliveries.succeeded = async (delivery, status) => {
      await succeeded(delivery, status);
      this.ended.push(delivery.id);
    };
    deliveries.failed = async (delivery, error) => {
      await failed(delivery, error);
      this.ended.push(delivery.id);
    };
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

  /** What came of every request is written down; what waits, waits for its time. */
  isSettled(deliveries: readonly Delivery[]): boolean {
    const [sent, ended] = [[...this.receiver.deliveryIds, ...this.other.deliveryIds], this.ended].map(count);
    return deliveries.every(
      ({ id, attemptedAt, dueAt }) =>
        attemptedAt !== null &&
        ended.get(id) === sent.get(id) &&
        (dueAt === null || dueAt > this.clock.now()),
    );
  }

  /** Lets time pass until one more attempt is made, and ends. */
  async nextAttempt(hook: MadeHook, seconds: number): Promise<void> {
    const attempts = this.receiver.requests.length + 1;
    this.clock.advance(seconds);
    await this.arrived(hook, attempts);
  }

  async reset(): Promise<void> {
    for (const { id } of (await this.instance.ask('GET', 'hooks')).list as unknown as MadeHook[])
      await this.instance.ask('DELETE', `hooks/${id}`);
    this.receiver.reset();
    this.other.reset();
    this.ended.length = 0;
  }

  async close(): Promise<void> {
    await Promise.all([this.receiver.close(), this.other.close()]);
    await this.instance.close();
    await this.database.drop();
  }
}

const count = (ids: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};
