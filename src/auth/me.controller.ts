import { Controller, Get, Header } from '@nestjs/common';
import { CurrentUser } from '../common/current-user.js';

/** Who is signed in. */
@Controller('api/me')
export class MeController {
  @Get()
  @Header('Cache-Control', 'no-store')
  me(@CurrentUser() user: CurrentUser): CurrentUser {
    return user;
  }
}
