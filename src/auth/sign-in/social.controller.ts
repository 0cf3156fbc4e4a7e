import { Controller, Get, Header, Inject, Param, Post, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { CurrentUser, OptionalAuth } from '../../common/current-user.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import type { Purpose } from './authorization-transaction.entity.js';
import { BrowserBinding } from './browser-binding.js';
import { CsrfGuard } from '../session/csrf.js';
import { queryOf } from './query.js';
import { seeOther, type SeeOther } from './redirect.js';
import { returnTo } from './return-to.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import { SignInService, type Arrival } from './sign-in.service.js';
import { SocialService } from './social.service.js';

/** Signing in with a connector, linking one to the signed-in user, and renewing what it granted. */
@Controller()
@UseGuards(SessionGuard)
export class SocialController {
  constructor(
    private readonly social: SocialService,
    private readonly signIns: SignInService,
    private readonly sessions: Sessions,
    private readonly browsers: BrowserBinding,
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
  ) {}

  @Get('auth/social/:connectorId')
  @OptionalAuth()
  @Redirect()
  @Header('Cache-Control', 'no-store')
  signIn(
    @Param('connectorId') connectorId: string,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    return this.start(connectorId, 'sign-in', request, response);
  }

  /** Only by a form of ours: a page of somebody else's must not be able to add an account to the user's. */
  @Post('auth/social/:connectorId/link')
  @UseGuards(CsrfGuard)
  @Redirect()
  @Header('Cache-Control', 'no-store')
  link(
    @Param('connectorId') connectorId: string,
    @CurrentUser() user: CurrentUser,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    return this.start(connectorId, 'link', request, response, user.id);
  }

  /** Renews the grant of an account that is linked already; it can link nothing, so a link may lead here. */
  @Get('auth/social/:connectorId/reauthorize')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  reauthorize(
    @Param('connectorId') connectorId: string,
    @CurrentUser() user: CurrentUser,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    return this.start(connectorId, 'reauthorize', request, response, user.id);
  }

  @Get('callback/:connectorId')
  @OptionalAuth()
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async callback(
    @Param('connectorId') connectorId: string,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const arrival = await this.social.finish(
      connectorId,
      queryOf(request),
      this.browsers.read(request),
      request.latchkeySession,
    );
    const userId = await this.signIns.complete(arrival);
    await this.sessions.open(request, response, userId);
    return seeOther(await this.whereNext(connectorId, userId, arrival));
  }

  private async start(
    connectorId: string,
    purpose: Purpose,
    request: RequestWithSession,
    response: unknown,
    userId?: string,
  ): Promise<SeeOther> {
    const wanted = returnTo(queryOf(request).get('return_to'), this.options.baseUrl);
    const browser = this.browsers.mark(request, response);
    return seeOther(await this.social.start({ connectorId, purpose, browser, userId, returnTo: wanted }));
  }

  /** Straight on; or once more to the provider, where it kept back the refresh token that the vault needs. */
  private async whereNext(connectorId: string, userId: string, arrival: Arrival): Promise<string> {
    const { returnTo: wanted } = arrival.transaction;
    if (!this.social.canAskAgain(connectorId) || !(await this.signIns.needsConsent(userId, arrival)))
      return wanted;
    return `/auth/social/${connectorId}/reauthorize?${new URLSearchParams({ return_to: wanted }).toString()}`;
  }
}
