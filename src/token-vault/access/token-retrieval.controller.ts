import { Body, Controller, Header, HttpCode, Param, Post, UseGuards, UsePipes } from '@nestjs/common';
import type { z } from 'zod';
import { Clock } from '../../common/clock.js';
import { CurrentClient, MachineGuard } from '../../common/machine.guard.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { accessTokenAnswer, type AccessTokenAnswer } from '../access-token-answer.js';
import { retrieval, userAt } from './bodies.js';
import { TokenRetrieval } from './token-retrieval.js';

/** Provider tokens of users for programs that act in their own name. */
@Controller('api/users/:userId/identities/:target/access-token')
@UseGuards(MachineGuard)
@UsePipes(SchemaPipe)
export class TokenRetrievalController {
  constructor(
    private readonly retrieval: TokenRetrieval,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async read(
    @CurrentClient() clientId: string,
    @Param({ schema: userAt }) { userId, target }: z.output<typeof userAt>,
    @Body({ schema: retrieval }) body: z.output<typeof retrieval>,
  ): Promise<AccessTokenAnswer> {
    const { minTtl: minTtlSeconds, tokenSecretId: secretId, ...rest } = body;
    const request = { clientId, minTtlSeconds, secretId, ...rest };
    return accessTokenAnswer(await this.retrieval.read(userId, target, request), this.clock.now());
  }
}
