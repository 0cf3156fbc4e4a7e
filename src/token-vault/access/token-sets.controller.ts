import { Controller, Get, Header, Query, UseGuards, UsePipes } from '@nestjs/common';
import type { z } from 'zod';
import { AuditTrail } from '../../audit/audit-trail.js';
import { CurrentUser } from '../../common/current-user.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { TokenScope } from '../../common/token-scope.js';
import { UserGuard } from '../../common/user.guard.js';
import { Reauthorization } from '../reauthorization.js';
import { TokenVaultService } from '../token-vault.service.js';
import { tokenReadAnswer, tokenSetAnswer, type TokenReadAnswer, type TokenSetAnswer } from './answers.js';
import { readsQuery } from './bodies.js';

/** What is held of the signed-in user's provider access, and who has read it. No token passes through here. */
@Controller('api/my-account')
@UseGuards(UserGuard)
@UsePipes(SchemaPipe)
export class TokenSetsController {
  constructor(
    private readonly vault: TokenVaultService,
    private readonly reauthorization: Reauthorization,
    private readonly trail: AuditTrail,
  ) {}

  @Get('token-sets')
  @TokenScope('identities')
  @Header('Cache-Control', 'no-store')
  async list(@CurrentUser() user: CurrentUser): Promise<{ token_sets: TokenSetAnswer[] }> {
    const summaries = await this.vault.list(user.id);
    return {
      token_sets: summaries.map((summary) =>
        tokenSetAnswer(summary, this.reauthorization.urlOf(summary.connectorId)),
      ),
    };
  }

  /** The newest first. `next` is the `before` of the page after it; absent on the last one. */
  @Get('token-reads')
  @TokenScope('identities')
  @Header('Cache-Control', 'no-store')
  async reads(
    @CurrentUser() user: CurrentUser,
    @Query({ schema: readsQuery }) { before, limit }: z.output<typeof readsQuery>,
  ): Promise<{ token_reads: TokenReadAnswer[]; next?: number }> {
    const page = await this.trail.ofUser(user.id, { before, limit: limit + 1, event: 'secret.read' });
    const shown = page.slice(0, limit);
    return {
      token_reads: shown.map((entry) => tokenReadAnswer(entry, user.id)),
      next: page.length > limit ? shown.at(-1)?.position : undefined,
    };
  }
}
