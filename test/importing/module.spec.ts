import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import {
  AuthModule,
  ConfigurationError,
  CurrentUser,
  OptionalUser,
  Public,
  SessionGuard,
  SessionOrAccessTokenGuard,
  Sessions,
  requestOf,
  type AuthModuleExtras,
  type AuthModuleOptions,
} from '../../src/index.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { API, MOBILE, SCOPES, TokensOfLogto } from '../guards/tokens.js';
import { startSandboxedApplication, type SandboxedApplication } from './application.js';

type Given = AuthModuleOptions & AuthModuleExtras;

@Controller('notes')
@UseGuards(SessionGuard)
class NotesController {
  @Get()
  list(@CurrentUser() user: CurrentUser) {
    return { email: user.email };
  }
}

/** Without a guard of its own. */
@Controller('shelf')
class ShelfController {
  @Get()
  mine(@OptionalUser() user?: CurrentUser) {
    return { email: user?.email };
  }

  @Get('open')
  @Public()
  open() {
    return { open: true };
  }
}

/** Lets everyone in as one and the same: what a test of an application puts in place of a guard. */
const everyoneIsEve: CanActivate = {
  canActivate(context: ExecutionContext) {
    Object.assign(requestOf(context), {
      user: { id: 'eve', email: 'eve@example.test', emailVerified: true },
    });
    return true;
  },
};

let started: SandboxedApplication[] = [];

const start = async (options: Parameters<typeof startSandboxedApplication>[0]) => {
  const application = await startSandboxedApplication(options);
  started.push(application);
  return application;
};

afterEach(async () => {
  await Promise.all(started.map((application) => application.close()));
  started = [];
});

const signedIn = async (
  application: SandboxedApplication,
  persona = 'alice',
  query = '?return_to=/shelf/open',
) => {
  const browser = new Browser();
  await signInThroughLogto(browser, application, persona, query);
  return browser;
};

describe('the options of AuthModule', () => {
  @Module({})
  class SettingsModule {
    static options: AuthModuleOptions;
  }

  @Injectable()
  class Settings {
    create(): AuthModuleOptions {
      return SettingsModule.options;
    }
  }

  const settings = (options: AuthModuleOptions) => {
    SettingsModule.options = options;
    return { module: SettingsModule, providers: [Settings], exports: [Settings] };
  };

  it.each<[string, (given: Given) => ReturnType<typeof AuthModule.forRootAsync>]>([
    [
      'a factory with what is injected into it from modules of its own',
      (given) =>
        AuthModule.forRootAsync({
          imports: [settings(given)],
          inject: [Settings],
          useFactory: async (from: Settings) => from.create(),
        }),
    ],
    [
      'a class',
      (given) => {
        settings(given);
        return AuthModule.forRootAsync({ useClass: Settings });
      },
    ],
    [
      'an instance that is there already',
      (given) => AuthModule.forRootAsync({ imports: [settings(given)], useExisting: Settings }),
    ],
  ])('come from %s', async (_, importing) => {
    const application = await start({
      controllers: [NotesController, ShelfController],
      authModule: (given) => [importing(given)],
    });
    const browser = await signedIn(application);
    expect(await browser.json(`${application.url}/notes`)).toMatchObject({
      status: 200,
      body: { email: 'alice@example.test' },
    });
  });

  it('are judged too where a factory makes them', async () => {
    const starting = start({
      authModule: ({ logto, baseUrl }) => [
        AuthModule.forRootAsync({ useFactory: () => ({ logto, baseUrl, sessionSecret: 'hush' }) }),
      ],
    });
    await expect(starting).rejects.toThrow(ConfigurationError);
  });

  it('stand beside what changes the structure, which no factory can make', async () => {
    const application = await start({
      controllers: [ShelfController],
      authModule: (given) => [
        AuthModule.forRootAsync({
          useFactory: () => given,
          paths: { api: 'v2' },
          globalGuard: SessionGuard,
        }),
      ],
    });
    const browser = await signedIn(application);
    expect((await browser.json(`${application.url}/v2/me`)).status).toBe(200);
    expect((await browser.json(`${application.url}/api/me`)).status).toBe(404);
    expect((await new Browser().json(`${application.url}/shelf`)).status).toBe(401);
  });
});

describe('AuthModule', () => {
  it('that is not global is seen where it is imported', async () => {
    let auth: ReturnType<typeof AuthModule.forRoot>;

    const application = await start({
      authModule: (given) => {
        auth = AuthModule.forRoot({ ...given, isGlobal: false });
        @Module({ imports: [auth], controllers: [NotesController, ShelfController] })
        class NotesModule {}
        return [NotesModule];
      },
    });
    const browser = await signedIn(application);
    expect((await browser.json(`${application.url}/notes`)).status).toBe(200);
    expect((await new Browser().json(`${application.url}/notes`)).status).toBe(401);
  });

  it('that is not global is not seen elsewhere, and the application does not start', async () => {
    @Module({ controllers: [NotesController] })
    class NotesModule {}
    await expect(start({ auth: { isGlobal: false }, imports: [NotesModule] })).rejects.toThrow(
      /can't resolve dependencies/,
    );
  });

  it('without controllers guards, and serves no routes', async () => {
    const application = await start({ auth: { controllers: false }, controllers: [NotesController] });
    const status = async (path: string, method = 'GET') =>
      (await new Browser().json(application.url + path, { method })).status;
    expect(await status('/notes')).toBe(401);
    for (const path of ['/auth/sign-in', '/auth/callback', '/api/me', '/api/my-account/sessions'])
      expect(await status(path)).toBe(404);
    expect(await status('/auth/sign-out', 'POST')).toBe(404);
    expect(await status('/auth/backchannel-logout', 'POST')).toBe(404);
    expect(application.get(Sessions)).toBeInstanceOf(Sessions);
  });

  it('refuses to be set up twice in one application', async () => {
    const twice = start({
      authModule: (given) => [
        AuthModule.forRoot(given),
        AuthModule.forRoot({ ...given, sessionSecret: 'another secret, also long enough for it' }),
      ],
    });
    await expect(twice).rejects.toThrow(ConfigurationError);
  });

  it('may be imported by several modules when it was set up once', async () => {
    let auth: ReturnType<typeof AuthModule.forRoot> | undefined;
    const application = await start({
      authModule: (given) => {
        auth = AuthModule.forRoot({ ...given, isGlobal: false });
        @Module({ imports: [auth], controllers: [NotesController] })
        class NotesModule {}
        @Module({ imports: [auth], controllers: [ShelfController] })
        class ShelfModule {}
        return [NotesModule, ShelfModule];
      },
    });
    expect((await (await signedIn(application)).json(`${application.url}/notes`)).status).toBe(200);
  });

  it('serves two applications of one process apart from each other', async () => {
    const [one, other] = (await Promise.all(
      ['one', 'other'].map((name) =>
        start({ auth: { cookies: { name } }, controllers: [NotesController, ShelfController] }),
      ),
    )) as [SandboxedApplication, SandboxedApplication];
    const browser = await signedIn(one);
    await signInThroughLogto(browser, other, 'bob', '?return_to=/shelf/open');
    expect((await browser.json(`${one.url}/notes`)).body).toEqual({ email: 'alice@example.test' });
    expect((await browser.json(`${other.url}/notes`)).body).toEqual({ email: 'bob@example.test' });
    const cookie = browser.cookie('localhost', 'one');
    const thief = new Browser();
    thief.setCookie('localhost', 'other', String(cookie));
    expect((await thief.json(`${other.url}/notes`)).status).toBe(401);
  });
});

describe.each(platforms)('a global guard on %s', (platform) => {
  it('by session stands before every route that is not public', async () => {
    const application = await start({
      platform,
      auth: { globalGuard: SessionGuard },
      controllers: [ShelfController],
    });
    const stranger = new Browser();
    expect((await stranger.json(`${application.url}/shelf`)).status).toBe(401);
    expect((await stranger.json(`${application.url}/shelf/open`)).status).toBe(200);
    const browser = await signedIn(application);
    expect((await browser.json(`${application.url}/shelf`)).body).toEqual({ email: 'alice@example.test' });
  });

  it('by session or token does so for both', async () => {
    const application = await start({
      platform,
      auth: { globalGuard: SessionOrAccessTokenGuard },
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      controllers: [ShelfController],
    });
    const tokens = await TokensOfLogto.of(application.sandbox);
    const shelf = async (browser: Browser, authorization?: string) =>
      (await browser.json(`${application.url}/shelf`, { headers: authorization ? { authorization } : {} }))
        .body;
    const browser = await signedIn(application);
    expect(await shelf(browser)).toEqual({ email: 'alice@example.test' });
    await signedIn(application, 'bob');
    expect(await shelf(new Browser(), `Bearer ${await tokens.api('bob')}`)).toEqual({
      email: 'bob@example.test',
    });
    expect(await shelf(new Browser())).toMatchObject({ code: 'auth.unauthorized' });
    expect(await shelf(browser, 'Bearer x')).toMatchObject({ code: 'auth.access_token_invalid' });
    expect((await new Browser().json(`${application.url}/shelf/open`)).status).toBe(200);
  });

  it('can be replaced in the application’s own tests', async () => {
    const application = await start({
      platform,
      auth: { globalGuard: SessionGuard },
      controllers: [ShelfController],
      customise: (builder) => builder.overrideProvider(SessionGuard).useValue(everyoneIsEve),
    });
    expect((await new Browser().json(`${application.url}/shelf`)).body).toEqual({
      email: 'eve@example.test',
    });
  });

  it('of one controller can be replaced so too', async () => {
    const application = await start({
      platform,
      controllers: [NotesController],
      customise: (builder) => builder.overrideGuard(SessionGuard).useValue(everyoneIsEve),
    });
    expect((await new Browser().json(`${application.url}/notes`)).body).toEqual({
      email: 'eve@example.test',
    });
  });
});
