import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseFilters, UseGuards, type Type } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AuditEntry,
  AuditLog,
  ErrorFilter,
  ProviderToken,
  Public,
  Secret,
  SessionGuard,
  SessionOrAccessTokenGuard,
  TokenVaultService,
} from '../../../src/index.js';
import { callSocketIo, type Line } from '../../guards/lines.js';
import { API, TokensOfLogto, MOBILE } from '../../guards/tokens.js';
import { startSandboxedApplication, type SandboxedApplication } from '../../importing/application.js';
import { platforms } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { signInThroughLogto } from '../../support/sandboxed.js';

const shown = ({ accessToken, tokenType, scope = [] }: ProviderToken) =>
  `${tokenType} ${accessToken.reveal()} (${scope.join(' ')})`;

@Controller('calendar')
@UseGuards(SessionOrAccessTokenGuard)
class CalendarController {
  @Get()
  read(@ProviderToken('google') token: ProviderToken) {
    return { shown: shown(token), printed: JSON.stringify(token), names: Object.keys(token) };
  }

  @Get('events')
  events(@ProviderToken('google', { scope: ['calendar'], minTtlSeconds: 60 }) token: ProviderToken) {
    return { shown: shown(token) };
  }

  @Get('drive')
  drive(@ProviderToken('google', { scope: ['drive'] }) token: ProviderToken) {
    return { shown: shown(token) };
  }

  @Get('open')
  @Public()
  open(@ProviderToken('google') token: ProviderToken) {
    return { shown: shown(token) };
  }
}

@Resolver()
@UseGuards(SessionGuard)
class CalendarResolver {
  @Query(() => String)
  calendar(@ProviderToken('google') token: ProviderToken): string {
    return shown(token);
  }
}

@WebSocketGateway({ pingInterval: 24 * 3600 * 1000 })
@UseFilters(ErrorFilter)
class CalendarGateway {
  @SubscribeMessage('calendar')
  @UseGuards(SessionGuard)
  calendar(@ProviderToken('google') token: ProviderToken) {
    return { event: 'answer', data: shown(token) };
  }
}

/** A feature of somebody's application, which imports nothing of the vault. */
const feature = (controllers: Type[], providers: Type[]): Type => {
  @Module({ controllers, providers })
  class CalendarModule {}
  return CalendarModule;
};

const TOKEN = 'Bearer the-token-of-alice (openid calendar)';

describe.each(platforms)('a handler on %s that asks for a provider token', (platform) => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;
  const browsers = { alice: new Browser(), bob: new Browser() };
  const lines: Line[] = [];
  let alice: string;

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      logto: { audience: API },
      sandbox: { clients: [MOBILE] },
      imports: [
        feature([CalendarController], [CalendarResolver, CalendarGateway]),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          playground: false,
        }),
      ],
      prepare: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
    });
    tokens = await TokensOfLogto.of(application.sandbox);
    for (const [persona, browser] of Object.entries(browsers))
      await signInThroughLogto(browser, application, persona);
    alice = String((await browsers.alice.json(`${application.url}/api/me`)).body['id']);
    const owner = { userId: alice, connectorId: 'google', target: 'google', subject: '42' };
    const granted = {
      accessToken: new Secret('the-token-of-alice'),
      refreshToken: new Secret('nobody-needs-this'),
      tokenType: 'Bearer',
      scope: ['openid', 'calendar'],
      expiresAt: application.clock.now() + 3600,
    };
    const vault = application.get(TokenVaultService);
    await application.dataSource.transaction((manager) => vault.store(manager, owner, granted));
  });

  afterEach(() => lines.splice(0).forEach((line) => line.close()));

  afterAll(() => application.close());

  const get = (path: string, browser = browsers.alice) => browser.json(`${application.url}/${path}`);
  const query = (browser: Browser) =>
    browser.json(`${application.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ calendar }' }),
    });
  const message = async (browser: Browser) => {
    const cookie = `latchkey=${browser.cookie('localhost', 'latchkey')}`;
    const line = await callSocketIo(application.url, { cookie });
    lines.push(line);
    line.send('calendar');
    return line.hear();
  };

  it('is given one that works, which does not print, and no refresh token', async () => {
    const { status, body } = await get('calendar');
    expect([status, body['shown']]).toEqual([200, TOKEN]);
    expect(body['printed']).toContain('[secret]');
    expect(body['names']).toEqual(['accessToken', 'tokenType', 'scope', 'expiresAt']);
    expect((await get('calendar/events')).body).toEqual({ shown: TOKEN });
  });

  it('is given one in a resolver and in a gateway too', async () => {
    expect((await query(browsers.alice)).body['data']).toEqual({ calendar: TOKEN });
    expect(await message(browsers.alice)).toEqual(['answer', TOKEN]);
  });

  it('does not run where a scope is missing, nothing is stored, or nobody is signed in', async () => {
    expect(await get('calendar/drive')).toMatchObject({
      status: 409,
      body: { code: 'vault.scope_missing', data: { scope: 'drive', authorization_url: expect.any(String) } },
    });
    const absent = 'secrets.third_party_token_set.token_not_found';
    expect(await get('calendar', browsers.bob)).toMatchObject({ status: 404, body: { code: absent } });
    expect(await get('calendar', new Browser())).toMatchObject({ status: 401 });
    expect(await get('calendar/open', new Browser())).toMatchObject({
      status: 401,
      body: { code: 'auth.unauthorized' },
    });
    expect((await query(browsers.bob)).body['errors']).toMatchObject([{ extensions: { code: absent } }]);
    expect(await message(browsers.bob)).toEqual([
      'exception',
      { status: 'error', code: absent, message: 'Token record not found.' },
    ]);
  });

  it('does not run for a program, behind which is no person', async () => {
    const authorization = `Bearer ${await tokens.machine()}`;
    const answer = await new Browser().json(`${application.url}/calendar`, { headers: { authorization } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
  });

  it('leaves a trace: who has read, and through which client', async () => {
    const authorization = `Bearer ${await tokens.api('alice')}`;
    await new Browser().json(`${application.url}/calendar`, { headers: { authorization } });
    await application.get(AuditLog).flush();
    const rows = await application.dataSource.manager.find(AuditEntry, {
      where: { event: 'secret.read', outcome: 'done' },
      order: { id: 'DESC' },
      take: 1,
    });
    expect(rows).toMatchObject([{ actorId: alice, userId: alice, clientId: MOBILE.clientId }]);
  });
});
