import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  AuthModule,
  ConnectorsModule,
  CurrentUser,
  GoogleConnector,
  latchkeyEntities,
  latchkeyMigrations,
  SealingModule,
  SessionGuard,
  TokenVaultModule,
  TokenVaultService,
} from '../../src/index.js';

@Controller('calendar')
@UseGuards(SessionGuard)
class CalendarController {
  constructor(private readonly vault: TokenVaultService) {}

  @Get()
  async events(@CurrentUser() user: CurrentUser) {
    const { accessToken } = await this.vault.read(user.id, 'google');
    const headers = { authorization: `Bearer ${accessToken.reveal()}` };
    return (
      await fetch('https://www.googleapis.com/calendar/v3/calendars/primary/events', { headers })
    ).json();
  }
}

const { DATABASE_URL, SESSION_SECRET = '', VAULT_KEYS } = process.env;
const { LOGTO_APP_ID = '', LOGTO_APP_SECRET = '', CLIENT_ID, CLIENT_SECRET } = process.env;

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: DATABASE_URL,
      entities: [...latchkeyEntities],
      migrations: [...latchkeyMigrations],
      migrationsRun: true,
    }),
    SealingModule.forRoot({ keys: VAULT_KEYS }),
    ConnectorsModule.forRoot({
      connectors: [GoogleConnector],
      instances: [
        {
          id: 'google',
          connectorId: 'google-universal',
          config: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
          enableTokenStorage: true,
        },
      ],
    }),
    TokenVaultModule.forRoot({}),
    AuthModule.forRoot({
      baseUrl: 'https://app.example.com',
      sessionSecret: SESSION_SECRET,
      logto: { endpoint: 'https://your.logto.app', appId: LOGTO_APP_ID, appSecret: LOGTO_APP_SECRET },
    }),
  ],
  controllers: [CalendarController],
})
export class AppModule {}
