import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LatchkeyError } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import type { TokenSet } from '../connectors/token-set.js';
import { Revocations } from './leaving/revocations.js';
import { RenewalSchedule } from './renewal/renewal-schedule.js';
import { SecretStore } from './secret.store.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { clearPartOf, TokenSetSealer } from './token-set.sealer.js';

/** What becomes of a provider's answer where somebody else has written its row meanwhile, or removed it. */
@Injectable()
export class LateAnswers {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly secrets: SecretStore,
    private readonly sealer: TokenSetSealer,
    private readonly revocations: Revocations,
    private readonly schedule: RenewalSchedule,
  ) {}

  /**
   * A row that was written holds something newer; one that is gone or revoked must not come back, and neither must the
   * grant. `spent` is the refresh token that was sent. Rejects where that is to be tried again.
   */
  async settle({ id, connectorId, subject }: StoredSecret, answer: TokenSet, spent?: Secret): Promise<void> {
    const newer = await this.secrets.findById(id);
    if (newer?.state === 'active') return this.passOn(newer, answer, spent);
    const late = { connectorId, subject, tokenSet: answer };
    await this.revocations.attempt([await this.revocations.add(this.dataSource.manager, late)]);
  }

  /** A sign-in that brought no refresh token has kept the one that is spent: what came for it goes beside what it brought. */
  private async passOn(newer: StoredSecret, answer: TokenSet, spent?: Secret): Promise<void> {
    const { refreshToken, refreshTokenExpiresAt } = answer;
    if (!refreshToken || !spent || refreshToken.reveal() === spent.reveal()) return;
    const held = await this.sealer.open(newer);
    if (held.refreshToken?.reveal() !== spent.reveal()) return;
    const tokenSet = { ...held, refreshToken, refreshTokenExpiresAt };
    const clear = { ...clearPartOf(tokenSet, newer.obtainedAt), validatedAt: newer.validatedAt };
    const next = { ...newer, ...clear, version: newer.version + 1 };
    const sealed = await this.sealer.seal(tokenSet, next);
    const changes = { sealed, ...clear, renewAt: this.schedule.renewAtOf(next) };
    if (!(await this.secrets.complete(newer, changes)))
      throw new LatchkeyError('vault.conflict', 'The token set was changed at the same time.');
  }
}
