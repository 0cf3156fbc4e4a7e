import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { CurrentUser, ProviderToken, SessionGuard, VaultHttpService } from '../../src/index.js';

@Controller('calendar')
@UseGuards(SessionGuard)
export class CalendarController {
  constructor(private readonly http: VaultHttpService) {}

  /** The handler runs with a token that works, or not at all. */
  @Get('token')
  token(@ProviderToken('google', { scope: ['openid'] }) { accessToken, expiresAt }: ProviderToken) {
    return { length: accessToken.reveal().length, expiresAt };
  }

  /** Or leave the token to the vault. */
  @Post('events')
  async create(@CurrentUser() user: CurrentUser) {
    const answer = await this.http.fetch(
      { userId: user.id, target: 'google', scope: ['https://www.googleapis.com/auth/calendar.events'] },
      'https://www.googleapis.com/calendar/v3/calendars/primary/events/quickAdd?text=Lunch',
      { method: 'POST' },
    );
    return { created: answer.ok };
  }
}
