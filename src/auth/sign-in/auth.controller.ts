import { Body, Controller, Get, Header, HttpCode, Post, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import { OptionalAuth } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { Logto, LOGTO } from '../logto/logto.js';
import { OneTapService } from '../one-tap/one-tap.service.js';
import { CsrfGuard } from '../session/csrf.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions, type CurrentSession } from '../session/sessions.js';
import { BrowserBinding } from './browser-binding.js';
import { Destinations } from './destinations.js';
import { LogtoStrategy, type LogtoUser } from './logto.strategy.js';
import { queryOf } from './query.js';
import { seeOther, type SeeOther } from './redirect.js';
import { runStrategy } from './run-strategy.js';
import { SignInService } from './sign-in.service.js';

interface SignOutForm {
  readonly everywhere?: unknown;
  readonly session?: unknown;
}

/** Signing in and out through Logto. */
@Controller('auth')
@UseGuards(SessionGuard)
@OptionalAuth()
export class AuthController {
  constructor(
    private readonly strategy: LogtoStrategy,
    private readonly logto: Logto,
    private readonly signIns: SignInService,
    private readonly sessions: Sessions,
    private readonly browsers: BrowserBinding,
    private readonly destinations: Destinations,
    private readonly oneTap: OneTapService,
  ) {}

  /** `return_to` is where to go afterwards: a path of ours, or an address at an allowed origin. */
  @Get('sign-in')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async signIn(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const returnTo = this.returnTo(queryOf(request));
    const browser = this.browsers.mark(request, response);
    const start = { step: 'start', browser, returnTo };
    const outcome = await runStrategy<LogtoUser>(this.strategy, request, start);
    if (outcome.kind !== 'redirect') throw new Error('the strategy did not send the browser to Logto');
    return seeOther(outcome.url);
  }

  @Get('callback')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async callback(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const outcome = await runStrategy<LogtoUser>(this.strategy, request, { step: 'callback' });
    if (outcome.kind !== 'success') throw new Error('the strategy did not recognise anyone');
    const { identity, tokens, sid, transaction } = outcome.user;
    const returnTo = this.destinations.check(transaction.returnTo);
    const at = { connectorId: LOGTO, target: LOGTO, identity };
    const { latchkeySession: session } = request;
    const { userId, identityId } = await this.signIns.complete({ transaction, at, session });
    const { issuer, subject } = identity;
    const atLogto = { account: { issuer, subject, sid }, tokens: tokens.reveal() };
    await this.sessions.open(request, response, userId, { identityId, atLogto });
    return seeOther(returnTo);
  }

  /**
   * Ends the session here first, whatever Logto says; then Logto's own. With the form's `everywhere` all other sessions
   * of the user too, and with `session` nothing but the one of that id.
   */
  @Post('sign-out')
  @HttpCode(303)
  @UseGuards(CsrfGuard)
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async signOut(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Body() form: SignOutForm | undefined,
  ): Promise<SeeOther> {
    const session = request.latchkeySession;
    if (session && form?.session !== undefined) return this.signOutElsewhere(session, form.session);
    if (session && form?.everywhere === 'true') await this.sessions.endOthers(session);
    const tokens = await this.sessions.close(response, session);
    if (session) await this.oneTap.noteSignOut(response);
    const atLogto = tokens && (await this.logto.signOutUrl(tokens));
    return seeOther(atLogto ?? this.destinations.afterSignOut);
  }

  private async signOutElsewhere(session: CurrentSession, id: unknown): Promise<SeeOther> {
    if (typeof id === 'string') await this.sessions.endOwn(session.userId, id);
    return seeOther('/');
  }

  /** Logto may start a sign-in here too (OpenID Connect Core 4): it names itself, and where the person was going. */
  private returnTo(query: URLSearchParams): string {
    const issuer = query.get('iss');
    if (issuer === null) return this.destinations.wanted(query);
    if (issuer !== this.logto.issuer)
      throw new LatchkeyError('auth.iss_mismatch', 'A sign-in through another issuer cannot start here.');
    return this.destinations.wanted(query, 'target_link_uri');
  }
}
