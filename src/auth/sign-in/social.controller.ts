import { Body, Controller, Get, Header, Param, Post, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { CurrentUser, notSignedIn, OptionalAuth } from '../../common/current-user.js';
import type { Identity } from '../../identities/identity.entity.js';
import { Unlinking } from '../../identities/unlinking.js';
import { chooseIdentity } from '../account/choose-identity.js';
import { RecentAuthenticationGuard } from '../account/recent-authentication.guard.js';
import { CsrfGuard } from '../session/csrf.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { withoutOrigin } from '../session/session-origin.js';
import { Sessions } from '../session/sessions.js';
import { BrowserBinding } from './browser-binding.js';
import { Destinations } from './destinations.js';
import { queryOf } from './query.js';
import { scopeOf } from './round-trip-parameters.js';
import { seeOther, type SeeOther } from './redirect.js';
import { SocialService, type SocialStart } from './social.service.js';

/** Signing in with a connector, linking one to the signed-in user, and renewing what it granted. */
@Controller('auth/social/:connectorId')
@UseGuards(SessionGuard)
export class SocialController {
  constructor(
    private readonly social: SocialService,
    private readonly browsers: BrowserBinding,
    private readonly destinations: Destinations,
    private readonly sessions: Sessions,
    private readonly unlinking: Unlinking,
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
    return this.start({ connectorId, purpose: 'sign-in' }, request, response);
  }

  /** Only by a form of ours: a page of somebody else's must not be able to add an account to the user's. */
  @Post('link')
  @UseGuards(CsrfGuard, RecentAuthenticationGuard)
  @Redirect()
  @Header('Cache-Control', 'no-store')
  link(
    @Param('connectorId') connectorId: string,
    @CurrentUser() user: CurrentUser,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    return this.start({ connectorId, purpose: 'link', userId: user.id }, request, response);
  }

  /** The account of `identityId` signs nobody in any more, and its tokens are destroyed. */
  @Post('unlink')
  @UseGuards(CsrfGuard, RecentAuthenticationGuard)
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async unlink(
    @Param('connectorId') connectorId: string,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Body() form: UnlinkForm | undefined,
  ): Promise<SeeOther> {
    const { latchkeySession: session } = request;
    if (!session) throw notSignedIn();
    const returnTo = this.destinations.wanted(queryOf(request));
    const { identityId } = await this.unlinking.unlink({
      userId: session.userId,
      actorId: session.userId,
      sessionId: session.id,
      choose: (identities) => namedBy(form, identities, connectorId),
    });
    await this.sessions.renew(response, withoutOrigin(session, identityId));
    return seeOther(returnTo);
  }

  /**
   * Renews the grant of an account that is linked already; it can link nothing, so a link may lead here. `scope` is asked
   * for beside what the connector asks for and what was granted before.
   */
  @Get('reauthorize')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  reauthorize(
    @Param('connectorId') connectorId: string,
    @CurrentUser() user: CurrentUser,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const scope = scopeOf(queryOf(request));
    return this.start({ connectorId, purpose: 'reauthorize', userId: user.id, scope }, request, response);
  }

  private async start(
    wanted: Pick<SocialStart, 'connectorId' | 'purpose' | 'userId' | 'scope'>,
    request: RequestWithSession,
    response: unknown,
  ): Promise<SeeOther> {
    const query = queryOf(request);
    const returnTo = this.destinations.wanted(query);
    const browser = this.browsers.mark(request, response);
    const userAgent = request.headers['user-agent'];
    return seeOther(await this.social.start({ ...wanted, browser, returnTo, userAgent }));
  }
}

interface UnlinkForm {
  readonly identityId?: unknown;
}

function namedBy(
  form: UnlinkForm | undefined,
  identities: readonly Identity[],
  connectorId: string,
): Identity {
  const named = identities.find(
    (identity) => identity.id === form?.identityId && identity.connectorId === connectorId,
  );
  return chooseIdentity(named ? [named] : [], named?.target ?? '');
}
