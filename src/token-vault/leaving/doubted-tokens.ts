import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { digest } from '../../common/random.js';
import type { ConfiguredConnector } from '../../connectors/connector.registry.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { Refresher } from '../refresher.js';
import { SecretStore } from '../secret.store.js';
import { StoredSecret } from '../stored-secret.entity.js';
import { TokenSetSealer } from '../token-set.sealer.js';

/** The token set that is held, and the one that a refresh has brought which was under way. */
const ASKED_ABOUT = 2;

/**
 * Finds out whether token sets are over of which a provider has said so without saying when: whoever has caught such a
 * notice can send it again and again, so it only makes us ask. As long as the provider takes the access token, nothing
 * changes; what it refuses is settled by the {@link Refresher}, with which a refresh that is under way, and an access
 * token that has merely expired, are in good hands.
 */
@Injectable()
export class DoubtedTokens {
  private readonly logger = new Logger(DoubtedTokens.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly refresher: Refresher,
    private readonly clock: Clock,
  ) {}

  /** Those of one account. Returns whose grants are over; where the provider is away, it is asked as soon as it is back. */
  async settle(configured: ConfiguredConnector, subject: string): Promise<string[]> {
    const account = { connectorId: configured.instance.id, subject };
    const doubted = await this.dataSource.manager.findBy(StoredSecret, { ...account, state: 'active' });
    const over: string[] = [];
    for (const secret of doubted) if (await this.isOver(secret, configured)) over.push(secret.userId);
    return over;
  }

  private async isOver(secret: StoredSecret, configured: ConfiguredConnector): Promise<boolean> {
    try {
      let held = await this.sealer.open(secret);
      for (let asked = 0; asked < ASKED_ABOUT; asked += 1) {
        if (await isTaken(configured, held)) return false;
        held = await this.refresher.refresh(secret, { refused: digest(held.accessToken.reveal()) });
      }
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      if (error.code === 'reauthorization_required') return true;
      this.logger.warn(`Secret ${secret.id}: whether it is over could not be found out: ${error.code}`);
    }
    await this.askLater(secret.id);
    return false;
  }

  /** The next reader has it validated, and a renewal does not wait for its time. */
  private async askLater(id: string): Promise<void> {
    const secret = await this.secrets.findById(id);
    if (!secret) return;
    const renewAt = Math.max(this.clock.now(), secret.retryAt ?? 0);
    await this.secrets.note(secret, { validatedAt: 0, renewAt });
  }
}

async function isTaken({ connector, instance }: ConfiguredConnector, held: TokenSet): Promise<boolean> {
  try {
    await connector.validate?.(instance, held);
    return true;
  } catch (error) {
    if (isLatchkeyError(error) && error.code === 'connector.grant_invalid') return false;
    throw error;
  }
}
