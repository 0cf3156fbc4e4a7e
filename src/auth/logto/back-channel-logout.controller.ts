import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { Public } from '../../common/current-user.js';
import { BackChannelLogout } from './back-channel-logout.js';

/** Where Logto itself tells us that a session of its own has ended. No browser comes here. */
@Controller('auth')
@Public()
export class BackChannelLogoutController {
  constructor(private readonly logout: BackChannelLogout) {}

  @Post('backchannel-logout')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async accept(@Body() body: Record<string, unknown> | undefined): Promise<void> {
    await this.logout.accept(body?.['logout_token']);
  }
}
