import {
  Body,
  Controller,
  Delete,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { z } from 'zod';
import { Clock } from '../../common/clock.js';
import { tellRevocation } from '../../common/revocation-outcome.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import { Unlinking, type Departed } from '../../identities/unlinking.js';
import { accessTokenAnswer, type AccessTokenAnswer } from '../../token-vault/access-token-answer.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import { chooseIdentity } from './choose-identity.js';
import { LinkedAccounts, type Proven } from './linked-accounts.js';
import { choice, identifier, type Choice } from './parameters.js';
import { RecentAuthenticationGuard } from './recent-authentication.guard.js';
import { recordOwner } from './record-owner.js';
import { SocialVerifications } from './social-verifications.js';

const newIdentity = z.strictObject({ newIdentifierVerificationRecordId: identifier });
const newGrant = z.strictObject({ verificationRecordId: identifier });

type NewIdentity = z.output<typeof newIdentity>;
type Named = Choice & { readonly target: string };

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
    private readonly sessions: Sessions,
    private readonly clock: Clock,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
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
    @Res({ passthrough: true }) response: unknown,
    @Body({ schema: newIdentity }) body: NewIdentity,
    @Query({ schema: choice }) { identityId }: Choice,
  ): Promise<void> {
    const { userId, sessionId } = recordOwner(request);
    const proven = await this.proven(request, body.newIdentifierVerificationRecordId);
    const to = { userId, actorId: userId, sessionId, identityId };
    const { unlinked } = await this.accounts.replace(to, proven);
    if (unlinked) await this.goOn(request, response, unlinked);
  }

  @Delete(':target')
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async remove(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Param('target') target: string,
    @Query({ schema: choice }) { identityId }: Choice,
  ): Promise<void> {
    await this.removeOne(request, response, { target, identityId });
  }

  @Delete(':target/:identityId')
  @HttpCode(204)
  @UseGuards(RecentAuthenticationGuard)
  async removeOne(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Param() { target, identityId }: Named,
  ): Promise<void> {
    const { userId, sessionId } = recordOwner(request);
    const unlinked = await this.unlinking.unlink({
      userId,
      actorId: userId,
      sessionId,
      choose: (identities) => chooseIdentity(identities, target, identityId),
    });
    await this.goOn(request, response, unlinked);
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
    return accessTokenAnswer(tokenSet, this.clock.now());
  }

  private async goOn(
    { latchkeySession: session }: RequestWithSession,
    response: unknown,
    { identityId, revocation }: Departed,
  ): Promise<void> {
    tellRevocation(this.host, response, revocation);
    if (session) await this.sessions.goOnWithout(response, session, identityId);
  }

  private async proven(request: RequestWithSession, recordId: string): Promise<Proven> {
    const record = await this.verifications.open(recordOwner(request), recordId);
    return { ...record, consume: (manager) => this.verifications.consume(manager, record) };
  }
}
