import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Query,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import type { z } from 'zod';
import { Actor } from '../../common/actor.js';
import { ManagementGuard } from '../../common/management.guard.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { grantsQuery, newGrant } from './bodies.js';
import type { TokenGrant } from './token-grant.entity.js';
import { TokenGrants } from './token-grants.js';

/** Which programs may read which tokens, for administrators. Times are seconds since the epoch. */
@Controller('api/token-grants')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class TokenGrantsController {
  constructor(private readonly grants: TokenGrants) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  list(@Query({ schema: grantsQuery }) query: z.output<typeof grantsQuery>): Promise<TokenGrant[]> {
    return this.grants.list(query);
  }

  @Post()
  @Header('Cache-Control', 'no-store')
  create(
    @Body({ schema: newGrant }) wanted: z.output<typeof newGrant>,
    @Actor() actorId: string | null,
  ): Promise<TokenGrant> {
    return this.grants.create(wanted, { actorId });
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string, @Actor() actorId: string | null): Promise<void> {
    await this.grants.remove(id, { actorId });
  }
}
