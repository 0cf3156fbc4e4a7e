import {
  Body,
  Controller,
  Delete,
  Header,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Req,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../../common/clock.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { Unlinking } from '../../identities/unlinking.js';
import type { AccessTokenAnswer } from '../../token-vault/token-vault.controller.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { chooseIdentity } from './choose-identity.js';
import { LinkedAccounts, type Proven } from './linked-accounts.js';
import { RecentAuthenticationGuard } from './recent-authentication.guard.js';
import { recordOwner } from './record-owner.js';
import { SocialVerifications } from './social-verifications.js';

const newIdentity = z.strictObject({ newIdentifierVerificationRecordId: z.string() });
const newGrant = z.strictObject({ verificationRecordId: z.string() });
const choice = z.object({ identityId: z.string().optional() });

type NewIdentity = z.output<typeof newIdentity>;
type Choice = z.output<typeof choice>;

/**
 * The accounts of the signed-in user, at Logto's paths. A form of another site can send neither `PUT` nor `DELETE`, and
 * what `POST` takes it cannot know: a record of the session.
 */
@Controller('api/my-account/identities')
@UseGuards(SessionGuard)
@UsePipes(SchemaPipe)
export class AccountIdentitiesController {
  constructor(
    private readonly verifications: SocialVerifications,
    private readonly accounts: LinkedAccounts,
    private readonly unlinking: Unlinking,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async add(
    @Req() request: RequestWithSession,
    @Body({ schema: newIdentity }) body: NewIdentity,
  ): Promise<void> {
    const { userId } = recordOwner(request);
    const proven = await this.proven(request, body.newIdentifierVerificationRecordId);
    await this.accounts.add({ userId, actorId: userId }, proven);
  }

  /** In the place of the account that the user has there; of several, `identityId` names it. */
  @Put()
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async replace(
    @Req() request: RequestWithSession,
    @Body({ schema: newIdentity }) body: NewIdentity,
    @Query({ schema: choice }) { identityId }: Choice,
  ): Promise<void> {
    const { userId } = recordOwner(request);
    const proven = await this.proven(request, body.newIdentifierVerificationRecordId);
    await this.accounts.replace({ userId, actorId: userId }, proven, identityId);
  }

  @Delete(':target')
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async remove(
    @Req() request: RequestWithSession,
    @Param('target') target: string,
    @Query({ schema: choice }) { identityId }: Choice,
  ): Promise<void> {
    await this.removeOne(request, target, identityId);
  }

  @Delete(':target/:identityId')
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async removeOne(
    @Req() request: RequestWithSession,
    @Param('target') target: string,
    @Param('identityId') identityId?: string,
  ): Promise<void> {
    const { userId } = recordOwner(request);
    await this.unlinking.unlink({
      userId,
      actorId: userId,
      choose: (identities) => chooseIdentity(identities, target, identityId),
    });
  }

  /** A new grant, of more scopes than before or in the place of one that has ended. */
  @Put(':target/access-token')
  @Header('Cache-Control', 'no-store')
  async renew(
    @Req() request: RequestWithSession,
    @Param('target') target: string,
    @Body({ schema: newGrant }) { verificationRecordId }: z.output<typeof newGrant>,
  ): Promise<AccessTokenAnswer> {
    const proven = await this.proven(request, verificationRecordId);
    const tokenSet = await this.accounts.renew(recordOwner(request).userId, target, proven);
    const { accessToken, tokenType, scope, expiresAt } = tokenSet;
    return {
      access_token: accessToken.reveal(),
      token_type: tokenType,
      scope: scope?.join(' '),
      expires_in: expiresAt === undefined ? undefined : Math.max(0, expiresAt - this.clock.now()),
    };
  }

  private async proven(request: RequestWithSession, recordId: string): Promise<Proven> {
    const record = await this.verifications.open(recordOwner(request), recordId);
    return { ...record, consume: (manager) => this.verifications.consume(manager, record) };
  }
}
