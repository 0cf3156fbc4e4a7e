import { Body, Controller, Header, HttpCode, Post, Req, UseGuards, UsePipes } from '@nestjs/common';
import { z } from 'zod';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { splitScope } from '../../connectors/token-set.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { identifier } from './parameters.js';
import { recordOwner } from './record-owner.js';
import { connectorData, roundTripFields } from './round-trip.js';
import { SocialVerifications } from './social-verifications.js';

const start = z.strictObject({
  connectorId: z.string(),
  ...roundTripFields,
  /** Separated as the provider separates them. */
  scope: z
    .string()
    .max(2048)
    .regex(/^[\x20-\x7e]*$/)
    .transform((text) => splitScope(text.replaceAll(',', ' ')))
    .optional(),
});

const verification = z.strictObject({ verificationRecordId: identifier, connectorData });

/** Proofs of an account at a provider that a page of its own collects, at Logto's paths. They belong to the session. */
@Controller('api/verifications/social')
@UseGuards(SessionGuard)
@UsePipes(SchemaPipe)
export class VerificationsController {
  constructor(private readonly verifications: SocialVerifications) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  async start(
    @Req() request: RequestWithSession,
    @Body({ schema: start }) wanted: z.output<typeof start>,
  ): Promise<{ verificationRecordId: string; authorizationUri: string; expiresAt: string }> {
    const userAgent = request.headers['user-agent'];
    const begun = await this.verifications.start(recordOwner(request), { ...wanted, userAgent });
    return {
      verificationRecordId: begun.id,
      authorizationUri: begun.authorizationUri,
      expiresAt: new Date(begun.expiresAt * 1000).toISOString(),
    };
  }

  @Post('verify')
  @HttpCode(200)
  async verify(
    @Req() request: RequestWithSession,
    @Body({ schema: verification })
    { verificationRecordId, connectorData: data }: z.output<typeof verification>,
  ): Promise<{ verificationRecordId: string }> {
    await this.verifications.verify(recordOwner(request), verificationRecordId, data);
    return { verificationRecordId };
  }
}
