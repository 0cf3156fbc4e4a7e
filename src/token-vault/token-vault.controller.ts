import { Controller, Get, Header, Param, UseGuards } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { CurrentUser } from '../common/current-user.js';
import { UserGuard } from '../common/user.guard.js';
import { accessTokenAnswer, type AccessTokenAnswer } from './access-token-answer.js';
import { TokenVaultService } from './token-vault.service.js';

/** Provider tokens of the signed-in user, at Logto's path. */
@Controller('api/my-account/identities')
@UseGuards(UserGuard)
export class TokenVaultController {
  constructor(
    private readonly vault: TokenVaultService,
    private readonly clock: Clock,
  ) {}

  @Get(':target/access-token')
  @Header('Cache-Control', 'no-store')
  async accessToken(
    @CurrentUser() user: CurrentUser,
    @Param('target') target: string,
  ): Promise<AccessTokenAnswer> {
    return accessTokenAnswer(await this.vault.read(user.id, target), this.clock.now());
  }
}
