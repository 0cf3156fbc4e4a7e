import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { CurrentUser } from '../../common/current-user.js';
import { SessionGuard } from './session.guard.js';

/** Who is signed in. */
@Controller('api/me')
@UseGuards(SessionGuard)
export class MeController {
  @Get()
  @Header('Cache-Control', 'no-store')
  me(@CurrentUser() user: CurrentUser): CurrentUser {
    return user;
  }
}
