import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { CurrentUser } from '../../common/current-user.js';
import { SessionOrAccessTokenGuard } from '../access/session-or-access-token.guard.js';

/** Who makes the request, by session or by access token. */
@Controller('api/me')
@UseGuards(SessionOrAccessTokenGuard)
export class MeController {
  @Get()
  @Header('Cache-Control', 'no-store')
  me(@CurrentUser() user: CurrentUser): CurrentUser {
    return user;
  }
}
