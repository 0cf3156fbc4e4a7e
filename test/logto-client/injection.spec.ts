import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, Param, Req } from '@nestjs/common';
import { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { LogtoClients } from '../../src/auth/logto/logto-clients.js';
import { Public } from '../../src/common/current-user.js';
import type { Caller } from '../../src/common/request-of.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { ALICE, API, HOUR_SECONDS, Stage, times } from './stage.js';

/** Lives as long as a request, because of what it is given. */
@Injectable()
class Documents {
  constructor(private readonly logto: LogtoClient) {}

  async audience(): Promise<unknown> {
    return (await this.logto.getAccessTokenClaims(API)).aud;
  }
}

@Controller('injected')
class InjectedController {
  constructor(
    private readonly logto: LogtoClient,
    private readonly documents: Documents,
  ) {}

  @Get('subject')
  async subject() {
    return { subject: (await this.logto.fetchUserInfo())['sub'] };
  }

  @Get('audience')
  async audience() {
    return { audience: await this.documents.audience() };
  }

  @Get('token')
  async token() {
    return { token: await this.logto.getAccessToken(API) };
  }

  @Get('organizations/:id')
  async organization(@Param('id') id: string) {
    return this.logto.getOrganizationTokenClaims(id);
  }

  @Public()
  @Get('open')
  async open() {
    return { signedIn: await this.logto.isAuthenticated() };
  }

  @Public()
  @Get('open/subject')
  async openSubject() {
    return { subject: (await this.logto.getIdTokenClaims()).sub };
  }
}

let made = 0;

/** One for all requests. */
@Controller('singleton')
class SingletonController {
  constructor(private readonly clients: LogtoClients) {
    made += 1;
  }

  @Get('subject')
  async subject(@Req() request: Caller) {
    return { subject: (await this.clients.of(request).getIdTokenClaims()).sub };
  }

  @Public()
  @Get('open')
  async open(@Req() request: Caller) {
    return { signedIn: await this.clients.of(request).isAuthenticated() };
  }
}

@Module({ providers: [Documents], controllers: [InjectedController, SingletonController] })
class Application {}

describe.each(platforms)('the client of a request on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    made = 0;
    stage = await Stage.start({ platform, logto: { resources: [API] }, imports: [Application] });
  });
  afterEach(() => stage.clear());
  afterAll(() => stage.close());

  const get = async (browser: Browser, path: string) => {
    const { status, body } = await browser.json(`${stage.instance.url}${path}`);
    return { status, body };
  };

  it('is injected for who makes the request', async () => {
    const [alice, bob] = [await stage.signedIn('alice'), await stage.signedIn('bob')];
    const answers = await Promise.all(
      times(10, async (index) => {
        const { body } = await get(index % 2 === 0 ? alice : bob, '/injected/subject');
        return body['subject'];
      }),
    );
    expect(answers).toEqual(times(10, (index) => (index % 2 === 0 ? ALICE : 'b4mq7t0zk9dp')));
  });

  it('is injected into what a controller needs', async () => {
    const alice = await stage.signedIn();
    expect(await get(alice, '/injected/audience')).toEqual({ status: 200, body: { audience: API } });
  });

  it('never shows a token in an answer by accident', async () => {
    const alice = await stage.signedIn();
    expect((await get(alice, '/injected/token')).body).toEqual({ token: '[secret]' });
  });

  it('works where no guard has looked for a session', async () => {
    const [alice, nobody] = [await stage.signedIn(), new Browser()];
    for (const controller of ['injected', 'singleton']) {
      expect((await get(alice, `/${controller}/open`)).body).toEqual({ signedIn: true });
      expect((await get(nobody, `/${controller}/open`)).body).toEqual({ signedIn: false });
    }
    expect((await get(alice, '/injected/open/subject')).body).toEqual({ subject: ALICE });
    expect(await get(nobody, '/injected/open/subject')).toMatchObject({
      status: 401,
      body: { code: 'auth.unauthorized' },
    });
  });

  it('is made by hand where one object serves all requests', async () => {
    const [alice, bob] = [await stage.signedIn('alice'), await stage.signedIn('bob')];
    expect((await get(alice, '/singleton/subject')).body).toEqual({ subject: ALICE });
    expect((await get(bob, '/singleton/subject')).body).toEqual({ subject: 'b4mq7t0zk9dp' });
    expect(made).toBe(1);
  });

  it('tells a program where to sign in again', async () => {
    const alice = await stage.signedIn();
    stage.sandbox.advance(HOUR_SECONDS);
    stage.sandbox.revokeLogtoGrants('alice');
    expect(await get(alice, '/injected/audience')).toMatchObject({
      status: 409,
      body: {
        code: 'reauthorization_required',
        data: {
          target: 'logto',
          reason: 'grant_invalid',
          authorization_url: `${stage.instance.url}/auth/sign-in`,
        },
      },
    });
    expect((await get(alice, '/injected/open')).body).toEqual({ signedIn: true });
  });

  it('says which option is missing', async () => {
    const alice = await stage.signedIn();
    expect(await get(alice, '/injected/organizations/k3v9xq27mz0a')).toMatchObject({
      status: 500,
      body: { code: 'auth.missing_scope_organizations' },
    });
  });
});
