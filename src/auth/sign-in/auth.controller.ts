import {
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Post,
  Redirect,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { OptionalAuth } from '../../common/current-user.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import { BrowserBinding } from './browser-binding.js';
import { CsrfGuard } from '../session/csrf.js';
import { Logto, LOGTO } from '../logto/logto.js';
import { LogtoStrategy, type LogtoUser } from './logto.strategy.js';
import { queryOf } from './query.js';
import { seeOther, type SeeOther } from './redirect.js';
import { returnTo } from './return-to.js';
import { runStrategy } from './run-strategy.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import { SignInService } from './sign-in.service.js';

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
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
  ) {}

  /** `return_to` is a path of ours to go to afterwards. */
  @Get('sign-in')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async signIn(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const wanted = returnTo(queryOf(request).get('return_to'), this.options.baseUrl);
    const browser = this.browsers.mark(request, response);
    const outcome = await runStrategy<LogtoUser>(this.strategy, request, {
      step: 'start',
      browser,
      returnTo: wanted,
    });
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
    const { identity, tokens, transaction } = outcome.user;
    const at = { connectorId: LOGTO, target: LOGTO, identity };
    const userId = await this.signIns.complete({ transaction, at, session: request.latchkeySession });
    await this.sessions.open(request, response, userId, (sessionId) => this.logto.seal(sessionId, tokens));
    return seeOther(transaction.returnTo);
  }

  /** Ends the session here first, whatever Logto says; then Logto's own. */
  @Post('sign-out')
  @HttpCode(303)
  @UseGuards(CsrfGuard)
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async signOut(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<SeeOther> {
    const session = request.latchkeySession;
    const tokens = session && (await this.logto.tokensOf(session.id));
    await this.sessions.close(response, session);
    return seeOther((tokens && (await this.logto.signOutUrl(tokens))) ?? '/');
  }
}
