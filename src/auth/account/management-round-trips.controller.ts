import { Body, Controller, Header, HttpCode, Param, Post, UseGuards, UsePipes } from '@nestjs/common';
import type { z } from 'zod';
import { ManagementGuard } from '../../common/management.guard.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { roundTrip } from './management-bodies.js';
import { SocialVerifications } from './social-verifications.js';

/** Where a program of the operator's sends a browser to prove an account, at Logto's path. */
@Controller('api/connectors/:connectorId/authorization-uri')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class ManagementRoundTripsController {
  constructor(private readonly verifications: SocialVerifications) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async start(
    @Param('connectorId') connectorId: string,
    @Body({ schema: roundTrip }) wanted: z.output<typeof roundTrip>,
  ): Promise<{ redirectTo: string }> {
    const { authorizationUri } = await this.verifications.startManaged({ connectorId, ...wanted });
    return { redirectTo: authorizationUri };
  }
}
