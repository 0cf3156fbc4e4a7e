import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import type { ProviderNotification } from '../../connectors/notifications/notification.js';
import { Notifications, type Heard } from '../../connectors/notifications/notifications.js';
import { SecretStore } from '../secret.store.js';
import { DoubtedTokens } from './doubted-tokens.js';
import { Revocations } from './revocations.js';

/** A notice that comes late says nothing of what was granted after it; our clock and the provider's may differ so much. */
const CLOCKS_DIFFER_SECONDS = 5 * 60;

/** Ends the token sets of which a provider says that they are over; from then on no instance hands them out. */
@Injectable()
export class NotifiedTokens implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly notifications: Notifications,
    private readonly connectors: ConnectorRegistry,
    private readonly secrets: SecretStore,
    private readonly revocations: Revocations,
    private readonly doubted: DoubtedTokens,
  ) {}

  onModuleInit(): void {
    this.notifications.onNotification((heard) => this.hear(heard));
  }

  private async hear({ instances, notification }: Heard): Promise<string[]> {
    const concerned: string[] = [];
    for (const { id } of instances) concerned.push(...(await this.end(id, notification)));
    return concerned;
  }

  /** What is to be deleted is gone, and not merely marked. */
  private async end(connectorId: string, notification: ProviderNotification): Promise<string[]> {
    const { ends, subject, refreshToken, id, issuedAt } = notification;
    if (ends.includes('account') && subject !== undefined)
      await this.dataSource.transaction((manager) =>
        this.revocations.takeOfAccount(manager, connectorId, subject),
      );
    if (!ends.includes('tokens')) return [];
    if (refreshToken !== undefined) return this.secrets.revokeByMark(connectorId, refreshToken);
    if (subject === undefined) return [];
    const configured = await this.connectors.find(connectorId);
    if (id === undefined && issuedAt === undefined && configured?.connector.validate)
      return this.doubted.settle(configured, subject);
    const until = issuedAt === undefined ? undefined : issuedAt + CLOCKS_DIFFER_SECONDS;
    return this.secrets.revokeOfAccount(connectorId, subject, until);
  }
}
