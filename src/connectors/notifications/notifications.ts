import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, LessThanOrEqual, type EntityManager, type Repository } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import { Clock } from '../../common/clock.js';
import { digest } from '../../common/random.js';
import { SingleFlight } from '../../common/single-flight.js';
import type { ConnectorInstance } from '../connector.js';
import { ConnectorRegistry } from '../connector.registry.js';
import { HeardNotification } from './heard-notification.entity.js';
import type { ProviderMessage, ProviderNotification } from './notification.js';
import { unsupportedNotification } from './refusals.js';

/** What a provider has said to one of its instances. */
export interface Heard {
  readonly instance: ConnectorInstance;
  /** All that are the same client there, this one included: a provider tells a client once. */
  readonly instances: readonly ConnectorInstance[];
  readonly notification: ProviderNotification;
}

/** Does what is to be done, again where it was done before, and returns the users whom it concerned. */
export type NotificationListener = (heard: Heard) => Promise<readonly string[]>;

/** So long an event is known again. An older one is taken for one that comes again, and has no effect. */
const REMEMBERED_SECONDS = 90 * 24 * 60 * 60;

/**
 * Hears what providers tell us of their own accord, once it is proven that they do. Nothing is acknowledged before it is
 * done, so a provider that meets a failure may say it again.
 */
@Injectable()
export class Notifications {
  private readonly logger = new Logger(Notifications.name);
  private readonly listeners: NotificationListener[] = [];
  private readonly heard: Repository<HeardNotification>;
  private readonly underWay = new SingleFlight<void>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly connectors: ConnectorRegistry,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {
    this.heard = dataSource.getRepository(HeardNotification);
  }

  /** Whoever keeps something of people at providers registers here, before the application serves. */
  onNotification(listener: NotificationListener): void {
    this.listeners.push(listener);
  }

  /**
   * What was said, once it is done. Rejects with `connector.not_found`, `notification.unsupported`,
   * `notification.signature_invalid`, `notification.invalid`, or `connector.*` where the provider's keys cannot be had.
   */
  async accept(connectorId: string, message: ProviderMessage): Promise<readonly ProviderNotification[]> {
    const configured = await this.connectors.get(connectorId);
    const { connector, instance } = configured;
    if (!connector.notifications) throw unsupportedNotification();
    const said = await connector.notifications(instance, message);
    const instances = await this.connectors.ofSameClient(configured);
    for (const notification of said) await this.once({ instance, instances, notification });
    return said;
  }

  private async once(heard: Heard): Promise<void> {
    const { id, issuedAt } = heard.notification;
    if (issuedAt !== undefined && issuedAt < this.clock.now() - REMEMBERED_SECONDS)
      return this.pass(heard, 'is too old');
    if (id === undefined) return this.act(heard, []);
    const keys = keysOf(heard, id);
    return this.underWay.run(keys[0], async () => {
      if (await this.heard.existsBy({ id: In(keys) })) return this.pass(heard, 'came before');
      await this.act(heard, keys);
    });
  }

  private async act(heard: Heard, keys: readonly string[]): Promise<void> {
    const { instance, notification } = heard;
    const concerned: string[] = [];
    for (const listener of this.listeners) concerned.push(...(await listener(heard)));
    const event = {
      event: `provider.${notification.event}`,
      outcome: 'done',
      connectorId: instance.id,
      target: instance.target,
    } as const;
    const userIds = [...new Set(concerned)];
    await this.heard.delete({ expiresAt: LessThanOrEqual(this.clock.now()) });
    await this.dataSource.transaction(async (manager) => {
      for (const userId of userIds.length > 0 ? userIds : [null])
        await this.audit.record({ ...event, userId }, manager);
      if (keys.length > 0) await this.remember(manager, keys);
    });
  }

  /** Another instance of the application may have heard it at the same time. */
  private async remember(manager: EntityManager, keys: readonly string[]): Promise<void> {
    const expiresAt = this.clock.now() + REMEMBERED_SECONDS;
    const rows = keys.map((id) => ({ id, expiresAt }));
    await manager.createQueryBuilder().insert().into(HeardNotification).values(rows).orIgnore().execute();
  }

  private pass({ instance, notification: { event } }: Heard, why: string): void {
    this.logger.log(`${instance.id}: ${event} ${why}, and has no effect`);
  }
}

/** One for each instance that is this client, since it is told once to them all. In the same order for each of them. */
const keysOf = ({ instance, instances }: Heard, id: string): string[] => {
  const names = new Set([instance, ...instances].map((one) => digest(JSON.stringify([one.id, id]))));
  return [...names].sort();
};
