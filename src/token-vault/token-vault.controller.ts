import { Controller, Get, Header, Param, Query, Req, UseGuards, UsePipes } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { CurrentUser, type RequestWithUser } from '../common/current-user.js';
import { SchemaPipe } from '../common/schema.pipe.js';
import { TokenScope } from '../common/token-scope.js';
import { UserGuard } from '../common/user.guard.js';
import { splitScope } from '../connectors/token-set.js';
import { accessTokenAnswer, type AccessTokenAnswer } from './access-token-answer.js';
import { TokenVaultService } from './token-vault.service.js';

const LONGEST_TTL_SECONDS = 365 * 24 * 60 * 60;

const wanted = z.object({
  /** Space-delimited. */
  scope: z.string().max(4096).optional(),
  min_ttl: z.coerce.number().int().min(0).max(LONGEST_TTL_SECONDS).optional(),
  token_secret_id: z.string().max(21).optional(),
});

/** Provider tokens of the signed-in user, at Logto's path. An access token needs the scope `identities`, as at Logto. */
@Controller('api/my-account/identities')
@UseGuards(UserGuard)
@UsePipes(SchemaPipe)
export class TokenVaultController {
  constructor(
    private readonly vault: TokenVaultService,
    private readonly clock: Clock,
  ) {}

  /** `scope`: all of these have to be granted. `min_ttl`: seconds. `token_secret_id`: one of several at the target. */
  @Get(':target/access-token')
  @TokenScope('identities')
  @Header('Cache-Control', 'no-store')
  async accessToken(
    @CurrentUser() user: CurrentUser,
    @Req() { accessToken }: RequestWithUser,
    @Param('target') target: string,
    @Query({ schema: wanted }) { scope, min_ttl, token_secret_id }: z.output<typeof wanted>,
  ): Promise<AccessTokenAnswer> {
    const tokenSet = await this.vault.read(user.id, target, {
      scope: scope === undefined ? undefined : splitScope(scope),
      minTtlSeconds: min_ttl,
      secretId: token_secret_id,
      reader: { actorId: user.id, clientId: accessToken?.clientId },
    });
    return accessTokenAnswer(tokenSet, this.clock.now());
  }
}
