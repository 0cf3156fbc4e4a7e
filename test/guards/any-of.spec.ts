import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';
import { of, type Observable } from 'rxjs';
import {
  AccessTokenGuard,
  anyOf,
  CurrentUser,
  OptionalAuth,
  OptionalUser,
  Organization,
  Public,
  requestOf,
  Roles,
  Scopes,
  SessionGuard,
  SessionOrAccessTokenGuard,
  Sessions,
  UsersService,
  type Caller,
} from '../../src/index.js';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { API, AURORA, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

const ROBOT: CurrentUser = { id: 'robot', name: 'Robot', emailVerified: false };

type Done = (error: Error | null, user?: CurrentUser | false) => void;

/** Passport's bare contract: asks who it is, and succeeds or fails. */
class KeyOfHeader extends Strategy {
  constructor(private readonly verify: (key: unknown, done: Done) => void) {
    super();
  }

  override authenticate({ headers }: Caller): void {
    this.verify(headers?.['x-api-key'], (error, user) => {
      if (error) this.error(error);
      else if (user) this.success(user);
      else this.fail('an API key is needed', 401);
    });
  }
}

/** An application's own way of recognising programs. */
@Injectable()
class ApiKeyStrategy extends PassportStrategy(KeyOfHeader, 'api-key') {
  validate(key: unknown): CurrentUser | false {
    return key === 'the key of the robot' && ROBOT;
  }
}

/** Guards of somebody else, who answer as Nest lets them. */
@Injectable()
class ByTicket implements CanActivate {
  canActivate(context: ExecutionContext): Observable<boolean> {
    const request = requestOf<Caller & { user?: CurrentUser }>(context);
    const ticket = request.headers?.['x-ticket'];
    if (ticket === 'burnt') throw new ForbiddenException('burnt');
    if (ticket === 'broken') throw new HttpException('the machine for tickets is broken', 503);
    if (ticket === 'good') request.user = { ...ROBOT, id: 'ticket' };
    return of(ticket === 'good');
  }
}

const AnyCaller = anyOf(SessionGuard, AuthGuard('api-key'));
const TokenOrTicket = anyOf(AccessTokenGuard, ByTicket);

@Controller('any')
@UseGuards(AnyCaller)
class AnyController {
  @Get()
  who(@CurrentUser() user: CurrentUser) {
    return { id: user.id, email: user.email };
  }

  @Get('documents')
  @Scopes('read:documents')
  documents() {
    return {};
  }

  @Get('support')
  @Roles('support')
  support() {
    return {};
  }

  @Get('organizations/:organizationId')
  @Organization()
  organization() {
    return {};
  }

  @Get('public')
  @Public()
  public() {
    return {};
  }

  @Get('optional')
  @OptionalAuth()
  optional(@OptionalUser() user?: CurrentUser) {
    return { id: user?.id };
  }

  @Get('optional/documents')
  @OptionalAuth()
  @Scopes('read:documents')
  optionalDocuments() {
    return {};
  }
}

@Controller('ticket')
@UseGuards(TokenOrTicket)
class TicketController {
  @Get()
  who(@OptionalUser() user?: CurrentUser) {
    return { id: user?.id };
  }

  @Get('documents')
  @Scopes('read:documents')
  documents() {
    return {};
  }
}

@Controller('either')
@UseGuards(SessionOrAccessTokenGuard)
class EitherController {
  @Get()
  who(@CurrentUser() user: CurrentUser) {
    return { id: user.id, email: user.email };
  }
}

describe.each(platforms)('one of several guards on %s', (platform) => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;
  let browser: Browser;

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      controllers: [AnyController, TicketController, EitherController],
      providers: [ApiKeyStrategy],
    });
    tokens = await TokensOfLogto.of(application.sandbox);
  });

  afterAll(() => application.close());

  beforeEach(async () => {
    browser = new Browser();
    await signInThroughLogto(browser, application, 'alice');
  });

  const ask = (path: string, headers: Record<string, string> = {}, from = new Browser()) =>
    from.json(`${application.url}/${path}`, { headers });
  const statuses = (paths: string[], headers?: Record<string, string>, from?: Browser) =>
    Promise.all(paths.map(async (path) => (await ask(path, headers, from)).status));
  const key = { 'x-api-key': 'the key of the robot' };
  const beyond = ['any/documents', 'any/support', `any/organizations/${AURORA}`, 'any/optional/documents'];

  describe('by session or token', () => {
    it('refuses a bad token, whatever cookie is beside it', async () => {
      expect(await ask('either', { authorization: 'Bearer garbage' }, browser)).toMatchObject({
        status: 401,
        body: { code: 'auth.access_token_invalid' },
      });
    });

    it('leaves credentials of another kind to others, such as a proxy', async () => {
      const headers = { authorization: 'Basic dXNlcjpwYXNzd29yZA==' };
      expect((await ask('either', headers, browser)).status).toBe(200);
      const stranger = await ask('either', headers);
      expect(stranger).toMatchObject({ status: 401, body: { code: 'auth.unauthorized' } });
      expect(stranger.headers.get('www-authenticate')).toBe('Bearer');
    });

    it('takes the cookie where no header came', async () => {
      const { body } = await browser.json(`${application.url}/api/me`);
      expect((await ask('either', {}, browser)).body).toMatchObject({ id: body['id'] });
    });

    it('refuses a user who is suspended, by session and by token, within a second (SE-10)', async () => {
      const { body } = await ask('either', {}, browser);
      const authorization = `Bearer ${await tokens.api('alice')}`;
      const both = async () => [
        (await ask('either', {}, browser)).status,
        (await ask('either', { authorization })).status,
      ];
      const users = application.get(UsersService);
      expect(await both()).toEqual([200, 200]);
      await users.suspend(String(body['id']));
      application.clock.advance(1);
      expect(await both()).toEqual([401, 401]);
      await users.restore(String(body['id']));
      expect(await both()).toEqual([200, 200]);
    });

    it('refuses the sessions of a user who is deleted, within a second (SE-10)', async () => {
      const { body } = await ask('either', {}, browser);
      await application.get(UsersService).remove(String(body['id']));
      application.clock.advance(1);
      expect((await ask('either', {}, browser)).status).toBe(401);
      const authorization = `Bearer ${await tokens.api('alice')}`;
      const again = await ask('either', { authorization });
      expect(again.status).toBe(200);
      expect(again.body['id']).not.toBe(body['id']);
    });
  });

  describe('by session or a strategy of the application', () => {
    it('lets in whom either of them knows', async () => {
      const { body } = await browser.json(`${application.url}/api/me`);
      expect((await ask('any', {}, browser)).body).toMatchObject({ id: body['id'] });
      expect((await ask('any', key)).body).toEqual({ id: 'robot' });
    });

    it('refuses whom none of them knows, as the first one does', async () => {
      expect(await ask('any')).toMatchObject({ status: 401, body: { code: 'auth.unauthorized' } });
      expect(await ask('any', { 'x-api-key': 'another' })).toMatchObject({
        status: 401,
        body: { code: 'auth.unauthorized' },
      });
    });

    it('opens nothing beyond that to a strategy which knows no scopes, roles and organisations', async () => {
      expect(await statuses(beyond, key)).toEqual([403, 403, 403, 403]);
      expect((await ask('any/documents', key)).headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_scope"',
      );
    });

    it('judges a session as the session guard does, and no other guard makes up for it', async () => {
      expect(await statuses(beyond, {}, browser)).toEqual([200, 200, 200, 200]);
      const bob = new Browser();
      await signInThroughLogto(bob, application, 'bob');
      expect(await statuses(beyond, {}, bob)).toEqual([200, 403, 200, 200]);
      expect(await statuses(['any/support'], key, bob)).toEqual([403]);
    });

    it('opens what is public to everyone, and tells an open route who it is', async () => {
      expect(await statuses(['any/public', 'any/optional'])).toEqual([200, 200]);
      expect((await ask('any/optional')).body).toEqual({});
      expect((await ask('any/optional', key)).body).toEqual({ id: 'robot' });
      const me = (await ask('any', {}, browser)).body['id'];
      expect((await ask('any/optional', {}, browser)).body).toEqual({ id: me });
      expect(await statuses(['any/optional/documents'])).toEqual([401]);
    });

    it('asks the strategy about one whose session is over', async () => {
      const cookie = `latchkey=${browser.cookie('localhost', 'latchkey')}`;
      const session = await application.get(Sessions).find({ headers: { cookie } });
      await application.get(Sessions).end([String(session?.id)]);
      application.clock.advance(1);
      expect((await ask('any', key, browser)).body).toEqual({ id: 'robot' });
      expect((await ask('any', {}, browser)).status).toBe(401);
    });
  });

  describe('by token or a guard of the application', () => {
    it('lets in whom either of them lets in', async () => {
      expect((await ask('ticket', { 'x-ticket': 'good' })).body).toEqual({ id: 'ticket' });
      expect((await ask('ticket', { authorization: `Bearer ${await tokens.api('alice')}` })).status).toBe(
        200,
      );
      expect(await ask('ticket', { authorization: `Bearer ${await tokens.machine()}` })).toMatchObject({
        status: 200,
        body: {},
      });
    });

    it('asks on after credentials that are no token at all', async () => {
      const headers = { authorization: 'Basic dXNlcjpwYXNzd29yZA==', 'x-ticket': 'good' };
      expect(await ask('ticket', headers)).toMatchObject({ status: 200, body: { id: 'ticket' } });
    });

    it('does not ask on after a token that is bad: it is a lie, and no absence', async () => {
      const headers = { authorization: 'Bearer garbage', 'x-ticket': 'good' };
      expect(await ask('ticket', headers)).toMatchObject({
        status: 401,
        body: { code: 'auth.access_token_invalid' },
      });
    });

    it('does not ask on after a token that does not reach far enough', async () => {
      const headers = { authorization: `Bearer ${await tokens.machine()}`, 'x-ticket': 'good' };
      expect((await ask('ticket/documents', headers)).status).toBe(403);
      const ofAurora = `Bearer ${await tokens.organization('alice', AURORA)}`;
      expect((await ask('ticket', { ...headers, authorization: ofAurora })).status).toBe(403);
    });

    it('refuses whom neither lets in, with the challenge of the first', async () => {
      const answer = await ask('ticket', { 'x-ticket': 'bad' });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    });

    it.each([
      ['burnt', 403],
      ['broken', 503],
    ])('hands on that a ticket is %s', async (ticket, status) => {
      expect((await ask('ticket', { 'x-ticket': ticket })).status).toBe(status);
    });

    it('opens nothing that demands scopes', async () => {
      expect(await statuses(['ticket/documents'], { 'x-ticket': 'good' })).toEqual([403]);
    });
  });
});
