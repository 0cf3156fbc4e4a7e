import { Controller, Get, Header, Inject, Param, Post, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { CurrentUser, OptionalAuth } from '../../common/current-user.js';
import { AUTH_PATHS, type AuthPaths } from '../auth.options.js';
import { CsrfGuard } from '../session/csrf.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import type { Purpose } from './authorization-transaction.entity.js';
import { BrowserBinding } from './browser-binding.js';
import { Destinations } from './destinations.js';
import { queryOf } from './query.js';
import { seeOther, type SeeOther } from './redirect.js';
import { SignInService, type Arrival } from './sign-in.service.js';
import { SocialService } from './social.service.js';

/** Signing in with a connector, linking one to the signed-in user, and renewing what it granted. */
@Controller('auth/social/:connectorId')
@UseGuards(SessionGuard)
export class SocialController {
  constructor(
    private readonly social: SocialService,
    private readonly browsers: BrowserBinding,
    private readonly destinations: Destinations,
  ) {}

  @Get()
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
  @Post('link')
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
  @Get('reauthorize')
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

  private async start(
    connectorId: string,
    purpose: Purpose,
    request: RequestWithSession,
    response: unknown,
    userId?: string,
  ): Promise<SeeOther> {
    const returnTo = this.destinations.wanted(queryOf(request));
    const browser = this.browsers.mark(request, response);
    return seeOther(await this.social.start({ connectorId, purpose, browser, userId, returnTo }));
  }
}

/** Where providers send people back to. */
@Controller('callback/:connectorId')
@UseGuards(SessionGuard)
@OptionalAuth()
export class SocialCallbackController {
  constructor(
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    private readonly social: SocialService,
    private readonly signIns: SignInService,
    private readonly sessions: Sessions,
    private readonly browsers: BrowserBinding,
    private readonly destinations: Destinations,
  ) {}

  @Get()
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async callback(
    @Param('connectorId') connectorId: string,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const browser = this.browsers.read(request);
    const session = request.latchkeySession;
    const arrival = await this.social.finish(connectorId, queryOf(request), browser, session);
    const returnTo = this.destinations.check(arrival.transaction.returnTo);
    const userId = await this.signIns.complete(arrival);
    if (session && arrival.transaction.purpose !== 'sign-in') await this.sessions.renew(response, session);
    else await this.sessions.open(request, response, userId);
    return seeOther(await this.whereNext(connectorId, userId, arrival, returnTo));
  }

  /** Straight on; or once more to the provider, where it kept back the refresh token that the vault needs. */
  private async whereNext(
    connectorId: string,
    userId: string,
    arrival: Arrival,
    returnTo: string,
  ): Promise<string> {
    if (!this.social.canAskAgain(connectorId) || !(await this.signIns.needsConsent(userId, arrival)))
      return returnTo;
    const query = new URLSearchParams({ return_to: returnTo }).toString();
    return `/${this.paths.auth}/social/${connectorId}/reauthorize?${query}`;
  }
}
