import { Controller, Get, Header, Param, UseGuards } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { CurrentUser } from '../common/current-user.js';
import { UserGuard } from '../common/user.guard.js';
import { TokenVaultService } from './token-vault.service.js';

/** Logto's form of the answer. `expires_in` is in seconds; what the provider did not say is absent. */
export interface AccessTokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string;
  readonly expires_in?: number;
}

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
    const { accessToken, tokenType, scope, expiresAt } = await this.vault.read(user.id, target);
    return {
      access_token: accessToken.reveal(),
      token_type: tokenType,
      scope: scope?.join(' '),
      expires_in: expiresAt === undefined ? undefined : Math.max(0, expiresAt - this.clock.now()),
    };
  }
}
