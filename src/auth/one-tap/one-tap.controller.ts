import {
  Body,
  Controller,
  Header,
  Param,
  Post,
  Redirect,
  Req,
  Res,
  UnsupportedMediaTypeException,
  UseGuards,
} from '@nestjs/common';
import { OptionalAuth } from '../../common/current-user.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { Sessions } from '../session/sessions.js';
import { BrowserBinding } from '../sign-in/browser-binding.js';
import { Destinations } from '../sign-in/destinations.js';
import { seeOther, type SeeOther } from '../sign-in/redirect.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { assertDoubleSubmit } from './double-submit.js';
import { OneTapService } from './one-tap.service.js';

interface PostedForm {
  readonly credential?: unknown;
  readonly g_csrf_token?: unknown;
}

/** Where Google One Tap posts whom the person has chosen, at Logto's address for it. */
@Controller('callback/:connectorId')
@UseGuards(SessionGuard)
@OptionalAuth()
export class OneTapController {
  constructor(
    private readonly oneTap: OneTapService,
    private readonly signIns: SignInService,
    private readonly sessions: Sessions,
    private readonly browsers: BrowserBinding,
    private readonly destinations: Destinations,
  ) {}

  @Post()
  @Redirect()
  @Header('Cache-Control', 'no-store')
  async signIn(
    @Param('connectorId') connectorId: string,
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
    @Body() form: PostedForm | undefined,
  ): Promise<SeeOther> {
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('application/x-www-form-urlencoded'))
      throw new UnsupportedMediaTypeException('A form is expected here.');
    assertDoubleSubmit(request.headers.cookie, form?.g_csrf_token);
    const credential = typeof form?.credential === 'string' ? form.credential : '';
    const arrival = await this.oneTap.accept(connectorId, credential, this.browsers.read(request));
    const returnTo = this.destinations.check(arrival.transaction.returnTo);
    const { userId, identityId } = await this.signIns.complete(arrival);
    await this.sessions.open(request, response, userId, { identityId });
    return seeOther(returnTo);
  }
}
