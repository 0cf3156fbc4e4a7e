import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { hash } from 'node:crypto';
import { DataSource, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { digest } from '../../common/random.js';
import { isUniqueViolation } from '../../common/unique-violation.js';
import { ConnectorRegistry } from '../connector.registry.js';
import { NOTIFICATIONS_URL } from '../connectors.tokens.js';
import { DataDeletion } from './data-deletion.entity.js';
import type { DataDeletionStatus } from './data-deletion.page.js';
import type { ProviderMessage, ProviderNotification } from './notification.js';
import { Notifications } from './notifications.js';

/** In Facebook's form: https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback */
export interface DataDeletionAnswer {
  /** Where the person can see what has become of it. */
  readonly url: string;
  readonly confirmation_code: string;
}

/** Requests of providers to delete what we have of one of their accounts, and what has become of them. */
@Injectable()
export class DataDeletions {
  private readonly deletions: Repository<DataDeletion>;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    private readonly notifications: Notifications,
    private readonly connectors: ConnectorRegistry,
    private readonly clock: Clock,
    @Optional() @Inject(NOTIFICATIONS_URL) private readonly baseUrl?: string,
  ) {
    this.deletions = dataSource.getRepository(DataDeletion);
  }

  /**
   * The same answer whether or not we know the account, and for the same request the same code. Rejects as
   * {@link Notifications.accept} does, and with `connector.misconfigured` where nobody has said where we are.
   */
  async accept(connectorId: string, message: ProviderMessage): Promise<DataDeletionAnswer> {
    if (this.baseUrl === undefined)
      throw new LatchkeyError(
        'connector.misconfigured',
        'ConnectorsModule needs a baseUrl to tell where the status is.',
      );
    const code = codeOf(connectorId, await this.notifications.accept(connectorId, message));
    const completedAt = this.clock.now();
    await this.deletions.insert({ id: digest(code), connectorId, completedAt }).catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
    });
    return { url: `${this.baseUrl}/${connectorId}/data-deletion/${code}`, confirmation_code: code };
  }

  /** Rejects with `entity.not_found`. */
  async status(connectorId: string, confirmationCode: string): Promise<DataDeletionStatus> {
    const found = await this.deletions.findOneBy({ id: digest(confirmationCode) });
    if (found?.connectorId !== connectorId)
      throw new LatchkeyError('entity.not_found', 'There is no such request.');
    const { instance } = (await this.connectors.find(connectorId)) ?? {};
    const { completedAt } = found;
    return { confirmationCode, connectorName: instance?.name ?? connectorId, completedAt };
  }
}

/** Letters and digits. Nobody guesses it, because what names the request is a signature by a secret. */
const codeOf = (connectorId: string, said: readonly ProviderNotification[]): string =>
  hash('sha256', JSON.stringify([connectorId, ...said.map(({ id }) => id)])).slice(0, 32);
