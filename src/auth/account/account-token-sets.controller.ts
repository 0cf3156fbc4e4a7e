import { Controller, Delete, HttpCode, Inject, Param, Req, Res, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { tellRevocation } from '../../common/revocation-outcome.js';
import { TokenSetRemoval } from '../../token-vault/access/token-set-removal.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { RecentAuthenticationGuard } from './recent-authentication.guard.js';
import { recordOwner } from './record-owner.js';

/** What is held of the signed-in user's provider access, for them to take away while the account stays linked. */
@Controller('api/my-account/token-sets')
@UseGuards(SessionGuard)
export class AccountTokenSetsController {
  constructor(
    private readonly removal: TokenSetRemoval,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Somebody else's is answered like one that does not exist. */
  @Delete(':id')
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async remove(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Param('id') id: string,
  ): Promise<void> {
    const { userId } = recordOwner(request);
    tellRevocation(this.host, response, await this.removal.remove(id, { userId, actorId: userId }));
  }
}
