import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UseFilters, UseGuards, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import {
  AccessTokenGuard,
  CurrentOrganization,
  CurrentUser,
  ErrorFilter,
  LogtoClients,
  OptionalAuth,
  OptionalUser,
  Organization,
  OrganizationScopes,
  Public,
  Scopes,
  SessionGuard,
  SessionOrAccessTokenGuard,
  UsersService,
  type Caller,
} from '../../src/index.js';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { callSocketIo, callWs, type Credentials, type Line } from './lines.js';
import { API, AURORA, HARBOUR, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

const answer = (data: unknown) => ({ event: 'answer', data });

/** Somebody's interceptor that takes a moment, in which other messages of the socket go on. */
const unhurried: NestInterceptor = {
  async intercept(_context, next) {
    await setImmediate();
    return next.handle();
  },
};

/** A gateway of an application: it names the filter, since Nest gives a gateway none of the application's. */
@UseFilters(ErrorFilter)
class Messages {
  constructor(readonly logto: LogtoClients) {}

  @SubscribeMessage('session')
  @UseGuards(SessionGuard)
  session(@CurrentUser() user: CurrentUser) {
    return answer(user.email);
  }

  @SubscribeMessage('token')
  @UseGuards(AccessTokenGuard)
  token(@CurrentUser() user: CurrentUser) {
    return answer(user.email);
  }

  @SubscribeMessage('either')
  @UseGuards(SessionOrAccessTokenGuard)
  either(@CurrentUser() user: CurrentUser) {
    return answer(user.email);
  }

  @SubscribeMessage('public')
  @UseGuards(SessionOrAccessTokenGuard)
  @Public()
  public() {
    return answer('public');
  }

  @SubscribeMessage('greeting')
  @UseGuards(SessionOrAccessTokenGuard)
  @Public()
  greeting(@OptionalUser() user?: CurrentUser) {
    return answer(user?.email ?? 'nobody');
  }

  @SubscribeMessage('optional')
  @UseGuards(SessionOrAccessTokenGuard)
  @OptionalAuth()
  optional(@OptionalUser() user?: CurrentUser) {
    return answer(user?.email ?? 'nobody');
  }

  @SubscribeMessage('documents')
  @UseGuards(SessionOrAccessTokenGuard)
  @Scopes('write:documents')
  documents() {
    return answer('documents');
  }

  @SubscribeMessage('organization')
  @UseGuards(SessionOrAccessTokenGuard)
  @UseInterceptors(unhurried)
  @Organization()
  organization(@CurrentOrganization() organization: string) {
    return answer(organization);
  }

  @SubscribeMessage('invite')
  @UseGuards(SessionOrAccessTokenGuard)
  @UseInterceptors(unhurried)
  @OrganizationScopes('invite:member')
  invite(@CurrentOrganization() organization: string, @MessageBody('name') name: unknown) {
    return { event: 'invited', data: { organization, name } };
  }

  @SubscribeMessage('logto')
  @UseGuards(SessionGuard)
  async atLogto(@ConnectedSocket() client: Caller) {
    return answer((await this.logto.of(client).getIdTokenClaims()).sub);
  }
}

/** Its clients think a connection dead after a while by the system's time, which a test moves. */
@WebSocketGateway({ pingInterval: 24 * 3600 * 1000 })
class SocketIoGateway extends Messages {
  constructor(logto: LogtoClients) {
    super(logto);
  }
}

/** The package `ws` keeps no handshake: the gateway does, as the documentation says. */
@WebSocketGateway({ path: '/ws' })
class WsGateway extends Messages implements OnGatewayConnection {
  constructor(logto: LogtoClients) {
    super(logto);
  }

  handleConnection(client: { request?: IncomingMessage }, request: IncomingMessage): void {
    client.request = request;
  }
}

const kinds = [
  { kind: 'Socket.IO', Adapter: IoAdapter, Gateway: SocketIoGateway, call: callSocketIo },
  { kind: 'ws', Adapter: WsAdapter, Gateway: WsGateway, call: callWs },
];
const stages = platforms.flatMap((platform) => kinds.map((kind) => ({ platform, ...kind })));

const refused = (code: string) => ['exception', { status: 'error', code, message: expect.any(String) }];

describe.each(stages)('gateways of $kind on $platform', ({ platform, kind, Adapter, Gateway, call }) => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;
  let lines: Line[] = [];

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      providers: [Gateway],
      prepare: (app) => app.useWebSocketAdapter(new Adapter(app)),
    });
    tokens = await TokensOfLogto.of(application.sandbox);
  });

  afterEach(() => {
    for (const line of lines) line.close();
    lines = [];
  });

  afterAll(() => application.close());

  const signIn = async (persona: string) => {
    const browser = new Browser();
    await signInThroughLogto(browser, application, persona);
    return { browser, cookie: `latchkey=${browser.cookie('localhost', 'latchkey')}` };
  };

  const connect = async (credentials: Credentials = {}) => {
    const line = await call(application.url, credentials);
    lines.push(line);
    return (event: string, data?: unknown) => {
      line.send(event, data);
      return line.hear();
    };
  };

  it('know a session by the cookie of the handshake', async () => {
    const ask = await connect(await signIn('alice'));
    expect(await ask('session')).toEqual(['answer', 'alice@example.test']);
    expect(await ask('either')).toEqual(['answer', 'alice@example.test']);
    expect(await ask('optional')).toEqual(['answer', 'alice@example.test']);
    expect(await ask('logto')).toEqual(['answer', 'xw3jr9c2iw77']);
    expect(await ask('token')).toEqual(refused('auth.authorization_header_missing'));
  });

  it('know an access token by the header of the handshake', async () => {
    await signIn('bob');
    const ask = await connect({ authorization: `Bearer ${await tokens.api('bob')}` });
    expect(await ask('token')).toEqual(['answer', 'bob@example.test']);
    expect(await ask('either')).toEqual(['answer', 'bob@example.test']);
    expect(await ask('session')).toEqual(refused('auth.unauthorized'));
  });

  if (kind === 'Socket.IO') {
    it('know an access token by what Socket.IO calls auth, which browsers can set', async () => {
      await signIn('bob');
      const ask = await connect({ token: await tokens.api('bob') });
      expect(await ask('token')).toEqual(['answer', 'bob@example.test']);
      expect(await ask('either')).toEqual(['answer', 'bob@example.test']);
    });

    it('judge the header and not what Socket.IO calls auth, where both come', async () => {
      const ask = await connect({ token: await tokens.api('bob'), authorization: 'Bearer garbage' });
      expect(await ask('token')).toEqual(refused('auth.access_token_invalid'));
    });

    it.each(['', 'Bearer x', '__proto__'])('refuse what is no token there: "%s"', async (token) => {
      const ask = await connect({ token, ...(await signIn('alice')) });
      expect((await ask('either'))[0]).toBe('exception');
    });
  }

  it('refuse strangers with the code of the error, in an event that says nothing else', async () => {
    const ask = await connect();
    expect(await ask('session')).toEqual([
      'exception',
      { status: 'error', code: 'auth.unauthorized', message: 'Sign in first.' },
    ]);
    expect(await ask('token')).toEqual(refused('auth.authorization_header_missing'));
    expect(await ask('either')).toEqual(refused('auth.unauthorized'));
    expect(await ask('documents')).toEqual(refused('auth.unauthorized'));
    expect(await ask('organization', { organizationId: AURORA })).toEqual(refused('auth.unauthorized'));
    expect(await ask('public')).toEqual(['answer', 'public']);
    expect(await ask('optional')).toEqual(['answer', 'nobody']);
  });

  it('judge a bad token alone, whatever cookie is beside it', async () => {
    const ask = await connect({ ...(await signIn('alice')), authorization: 'Bearer garbage' });
    expect(await ask('either')).toEqual(refused('auth.access_token_invalid'));
    expect(await ask('optional')).toEqual(refused('auth.access_token_invalid'));
    expect(await ask('public')).toEqual(['answer', 'public']);
  });

  it('demand scopes and organisations of every message', async () => {
    const [alice, bob] = [await connect(await signIn('alice')), await connect(await signIn('bob'))];
    expect(await alice('documents')).toEqual(['answer', 'documents']);
    expect(await bob('documents')).toEqual(refused('auth.forbidden'));
    expect(await alice('organization', { organizationId: HARBOUR })).toEqual(['answer', HARBOUR]);
    expect(await bob('organization', { organizationId: HARBOUR })).toEqual(refused('auth.access_denied'));
    expect(await bob('organization', { organizationId: AURORA })).toEqual(['answer', AURORA]);
    expect(await bob('organization')).toEqual(refused('auth.forbidden'));
    expect(await bob('organization', { organizationId: [AURORA] })).toEqual(refused('auth.forbidden'));
    expect(await bob('organization', 'text')).toEqual(refused('auth.forbidden'));
  });

  it('take an organisation’s token for that organisation alone', async () => {
    const ask = await connect({ authorization: `Bearer ${await tokens.organization('alice', AURORA)}` });
    expect(await ask('invite', { organizationId: AURORA, name: 'x' })).toEqual([
      'invited',
      { organization: AURORA, name: 'x' },
    ]);
    expect(await ask('invite', { name: 'x' })).toEqual(refused('auth.forbidden'));
    expect(await ask('invite', { organizationId: HARBOUR, name: 'x' })).toEqual(refused('auth.forbidden'));
    expect(await ask('either')).toEqual(refused('auth.forbidden'));
  });

  it('act each within the organisation of their own message, however fast others come', async () => {
    const line = await call(application.url, await signIn('alice'));
    lines.push(line);
    line.send('organization', { organizationId: HARBOUR });
    await line.hear();
    line.send('invite', { organizationId: AURORA, name: 'x' });
    await line.hear();

    line.send('invite', { organizationId: AURORA, name: 'x' });
    line.send('organization', { organizationId: HARBOUR });
    const heard = Object.fromEntries([await line.hear(), await line.hear()]);
    expect(heard).toEqual({ invited: { organization: AURORA, name: 'x' }, answer: HARBOUR });
  });

  it('know nobody where they are public, whoever has sent a message before', async () => {
    const ask = await connect(await signIn('alice'));
    expect(await ask('greeting')).toEqual(['answer', 'nobody']);
    expect(await ask('session')).toEqual(['answer', 'alice@example.test']);
    expect(await ask('greeting')).toEqual(['answer', 'nobody']);
  });

  it('refuse the next message of a socket whose session has been signed out', async () => {
    const { browser, cookie } = await signIn('alice');
    const ask = await connect({ cookie });
    expect(await ask('session')).toEqual(['answer', 'alice@example.test']);
    const ended = await browser.json(`${application.url}/api/my-account/sessions`, { method: 'DELETE' });
    expect(ended.status).toBe(204);
    application.clock.advance(1);
    expect(await ask('session')).toEqual(refused('auth.unauthorized'));
    expect(await ask('either')).toEqual(refused('auth.unauthorized'));
    expect(await ask('optional')).toEqual(['answer', 'nobody']);
    expect(await ask('logto')).toEqual(refused('auth.unauthorized'));
  });

  it('refuse the next message of a socket whose token has expired', async () => {
    await signIn('bob');
    const ask = await connect({ authorization: `Bearer ${await tokens.api('bob')}` });
    expect(await ask('token')).toEqual(['answer', 'bob@example.test']);
    const end = Date.now() + (3600 + 15) * 1000;
    const later = jest.spyOn(Date, 'now').mockImplementation(() => end);
    try {
      expect(await ask('token')).toEqual(refused('auth.access_token_invalid'));
      expect(await ask('optional')).toEqual(refused('auth.access_token_invalid'));
    } finally {
      later.mockRestore();
    }
  });

  it('refuse the next message of a user who is suspended, within a second (SE-10)', async () => {
    const { browser, cookie } = await signIn('zoe');
    const bySession = await connect({ cookie });
    const byToken = await connect({ authorization: `Bearer ${await tokens.api('zoe')}` });
    expect(await bySession('session')).toEqual(['answer', 'zoe@studio.example.test']);
    expect(await byToken('token')).toEqual(['answer', 'zoe@studio.example.test']);
    const { body } = await browser.json(`${application.url}/api/me`);
    await application.get(UsersService).suspend(String(body['id']));
    application.clock.advance(1);
    expect(await bySession('session')).toEqual(refused('auth.unauthorized'));
    expect(await byToken('token')).toEqual(refused('auth.access_token_invalid'));
  });
});
