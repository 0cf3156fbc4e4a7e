import { Controller, Get, Header, Inject, Param, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { OptionalAuth } from '../../common/current-user.js';
import { AUTH_PATHS, type AuthPaths } from '../auth.options.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import { BrowserBinding } from './browser-binding.js';
import { Destinations } from './destinations.js';
import { queryOf } from './query.js';
import { seeOther, type SeeOther } from './redirect.js';
import { SignInService, type Arrival } from './sign-in.service.js';
import { SocialService } from './social.service.js';

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
    const { userId, identityId } = await this.signIns.complete(arrival);
    if (session && arrival.transaction.purpose !== 'sign-in') await this.sessions.renew(response, session);
    else await this.sessions.open(request, response, userId, { identityId });
    return seeOther(await this.whereNext(connectorId, userId, arrival, returnTo));
  }

  /** Straight on; or once more to the provider, where it kept back the refresh token that the vault needs. */
  private async whereNext(
    connectorId: string,
    userId: string,
    arrival: Arrival,
    returnTo: string,
  ): Promise<string> {
    if (!(await this.social.canAskAgain(connectorId)) || !(await this.signIns.needsConsent(userId, arrival)))
      return returnTo;
    const query = new URLSearchParams({ return_to: returnTo }).toString();
    return `/${this.paths.auth}/social/${connectorId}/reauthorize?${query}`;
  }
}
