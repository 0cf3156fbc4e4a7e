import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../common/errors.js';
import { randomId } from '../common/random.js';
import type { TokenSet } from '../connectors/token-set.js';
import { Chronicle } from './chronicle.js';
import { mergeTokenSets } from './merge.js';
import { RenewalSchedule } from './renewal/renewal-schedule.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from './token-set.sealer.js';
import type { TokenSetOwner } from './token-vault.service.js';

/** Stores what a person has granted at a sign-in, over what was held of the account. */
@Injectable()
export class TokenSetWriter {
  private readonly logger = new Logger(TokenSetWriter.name);

  constructor(
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly chronicle: Chronicle,
    private readonly schedule: RenewalSchedule,
    private readonly clock: Clock,
  ) {}

  /** Part of the manager's transaction. Rejects with `vault.conflict` when another writer came first. */
  async write(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    const { userId, connectorId, subject } = owner;
    const existing = await this.secrets.findByAccount(manager, userId, connectorId, subject);
    await (existing ? this.replace(manager, existing, granted) : this.insert(manager, owner, granted));
  }

  private async insert(manager: EntityManager, owner: TokenSetOwner, granted: TokenSet): Promise<void> {
    const now = this.clock.now();
    const row = { ...owner, ...clearPartOf(granted, now), ...NEW, id: randomId(21), firstStoredAt: now };
    const outlook = { ...this.chronicle.outlookOf(row), renewAt: this.schedule.renewAtOf(row) };
    const sealed = await this.sealer.seal(granted, row);
    await this.secrets.insert(manager, { ...row, ...outlook, sealed });
    await this.chronicle.stored(manager, { ...row, ...outlook });
  }

  /** On an instance that lacks the key of what is held, an incomplete grant is not stored over it. */
  private async replace(manager: EntityManager, existing: StoredSecret, granted: TokenSet): Promise<void> {
    const held = await this.worthMerging(existing, granted);
    if (held === 'locked') return;
    const now = this.clock.now();
    const merged = mergeTokenSets(held, granted, now);
    const clear = clearPartOf(merged, now);
    const next = { ...existing, ...clear, version: existing.version + 1 };
    const outlook = { ...this.chronicle.outlookOf(next), renewAt: this.schedule.renewAtOf(next) };
    const sealed = await this.sealer.seal(merged, next);
    if (!(await this.secrets.replace(existing, { sealed, ...clear, ...outlook }, manager)))
      throw new LatchkeyError('vault.conflict', 'The token set was changed at the same time. Try again.');
    await this.chronicle.stored(manager, { ...next, ...outlook }, existing);
  }

  /**
   * A new grant is the way out for a row that no longer opens or works, so that must not stand in its way: what was
   * held is looked at only where the grant is incomplete without it.
   */
  private async worthMerging(
    existing: StoredSecret,
    granted: TokenSet,
  ): Promise<HeldTokenSet | 'locked' | undefined> {
    if (granted.refreshToken || existing.state !== 'active') return undefined;
    try {
      return { ...(await this.sealer.open(existing)), obtainedAt: existing.obtainedAt };
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.logger.error(`Secret ${existing.id} does not open at a new grant: ${error.code}`);
      return error.code === 'vault.key_unavailable' ? 'locked' : undefined;
    }
  }
}

type HeldTokenSet = TokenSet & { readonly obtainedAt: number };

const NEW = {
  version: 1,
  attemptedAt: 0,
  lastUsedAt: null,
  renewAt: null,
  announcedStatus: '',
  statusDueAt: null,
} as const;
