import { Controller, Delete, HttpCode, Inject, Param, Res, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Actor } from '../../common/actor.js';
import { ManagementGuard } from '../../common/management.guard.js';
import { tellRevocation } from '../../common/revocation-outcome.js';
import { TokenSetRemoval } from './token-set-removal.js';

/** Token sets by their ids, for administrators, at Logto's path. */
@Controller('api/secrets')
@UseGuards(ManagementGuard)
export class SecretsController {
  constructor(
    private readonly removal: TokenSetRemoval,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('id') id: string,
    @Actor() actorId: string | null,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    tellRevocation(this.host, response, await this.removal.remove(id, { actorId: actorId ?? undefined }));
  }
}
