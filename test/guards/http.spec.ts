import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import {
  AccessTokenGuard,
  CsrfGuard,
  LogtoClients,
  SessionOrAccessTokenGuard,
  type Caller,
  type LatchkeyError,
} from '../../src/index.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { ArchiveController, COLUMNS, controllers, type Door } from './routes.js';
import { SystemTime } from './system-time.js';
import { API, AURORA, HARBOUR, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

@Controller('logto')
class LogtoController {
  constructor(private readonly clients: LogtoClients) {}

  @Get('either')
  @UseGuards(SessionOrAccessTokenGuard)
  byEither(@Req() request: Caller) {
    return this.subject(request);
  }

  @Get('token')
  @UseGuards(AccessTokenGuard)
  byToken(@Req() request: Caller) {
    return this.subject(request);
  }

  /** For whom Logto is asked, or why for nobody. */
  private async subject(request: Caller) {
    const client = this.clients.of(request);
    const isAuthenticated = await client.isAuthenticated();
    const subject = await client.getIdTokenClaims().then(
      ({ sub }) => sub,
      ({ code }: LatchkeyError) => code,
    );
    return { isAuthenticated, subject };
  }
}

/** A form that may be sent with either, and needs its proof where a browser sends it by itself. */
@Controller('forms')
@UseGuards(SessionOrAccessTokenGuard, CsrfGuard)
class FormsController {
  @Post()
  @HttpCode(204)
  submit(): void {}
}

interface Verdict {
  readonly status: number;
  readonly code: unknown;
  readonly challenge: string | null;
}

const MISSING = { status: 401, code: 'auth.authorization_header_missing', challenge: 'Bearer' };
const INVALID = {
  status: 401,
  code: 'auth.access_token_invalid',
  challenge: 'Bearer error="invalid_token", error_description="The access token is not valid."',
};
const insufficient = (...scopes: string[]): Verdict => ({
  status: 403,
  code: 'auth.forbidden',
  challenge: `Bearer error="insufficient_scope"${scopes.length > 0 ? `, scope="${scopes.join(' ')}"` : ''}`,
});

describe.each(platforms)('routes on %s', (platform) => {
  let application: SandboxedApplication;
  let tokens: TokensOfLogto;
  const browsers: Record<string, Browser> = {};

  beforeAll(async () => {
    application = await startSandboxedApplication({
      platform,
      logto: { audience: API, scopes: SCOPES },
      sandbox: { clients: [MOBILE] },
      controllers: [...controllers, ArchiveController, FormsController, LogtoController],
    });
    tokens = await TokensOfLogto.of(application.sandbox);
    for (const persona of ['alice', 'bob', 'zoe']) {
      const browser = (browsers[persona] = new Browser());
      await signInThroughLogto(browser, application, persona);
    }
  });

  afterAll(() => application.close());

  const ask = (path: string, token?: string, browser = new Browser()) =>
    browser.json(`${application.url}/${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  const verdict = async (path: string, token?: string): Promise<Verdict> => {
    const { status, body, headers } = await ask(path, token);
    return { status, code: body['code'], challenge: headers.get('www-authenticate') };
  };

  /** The status of each of {@link COLUMNS}. */
  const row = (door: Door, token?: string, browser?: Browser): Promise<number[]> =>
    Promise.all(COLUMNS.map(async (path) => (await ask(`${door}/${path}`, token, browser)).status));

  describe.each<Door>(['token', 'either'])('behind the %s guard', (door) => {
    // prettier-ignore
    it.each<[string, () => Promise<string>, number[]]>([
      //                                                                                plain docs A    B    own  A/m  B/m  A/d  B/d  role open opt  o/d
      ['for the API',                  () => tokens.api('alice'),                      [200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200]],
      ['for the API, of an outsider',  () => tokens.api('zoe'),                        [200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 200, 200, 403]],
      ['for the API within Aurora',    () => tokens.organizationApi('alice', AURORA),  [403, 403, 200, 403, 200, 403, 403, 200, 403, 403, 200, 403, 403]],
      ['for the API within Harbour',   () => tokens.organizationApi('alice', HARBOUR), [403, 403, 403, 200, 200, 403, 403, 403, 403, 403, 200, 403, 403]],
      ['of Aurora, for its admin',     () => tokens.organization('alice', AURORA),     [403, 403, 200, 403, 200, 200, 403, 403, 403, 403, 200, 403, 403]],
      ['of Aurora, for a member',      () => tokens.organization('bob', AURORA),       [403, 403, 200, 403, 200, 403, 403, 403, 403, 403, 200, 403, 403]],
      ['of Harbour, for a member',     () => tokens.organization('alice', HARBOUR),    [403, 403, 403, 200, 200, 403, 403, 403, 403, 403, 200, 403, 403]],
      ['of a program',                 () => tokens.machine('feed:cat'),               [200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 200, 200, 403]],
      ['for another audience (MA-20)', () => tokens.elsewhere('alice'),                [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]],
      ['for UserInfo',                 () => tokens.opaque('alice'),                   [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]],
      ['that is an ID token',          () => tokens.idToken('alice'),                  [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]],
    ])('a token %s goes so far and no further', async (_, token, expected) => {
      expect(await row(door, await token())).toEqual(expected);
    });

    it('a token of one organisation opens neither another one nor what is outside of organisations', async () => {
      for (const token of [
        await tokens.organization('alice', AURORA),
        await tokens.organizationApi('alice', AURORA),
      ]) {
        expect(await ask(`${door}/organization`, token)).toMatchObject({ body: { organization: AURORA } });
        expect(await ask(`${door}/teams/${AURORA}`, token)).toMatchObject({ body: { organization: AURORA } });
        for (const path of [`organizations/${HARBOUR}`, `teams/${HARBOUR}`, 'plain', 'optional'])
          expect(await verdict(`${door}/${path}`, token)).toEqual(insufficient());
      }
    });

    it('a refusal names the permissions that are needed (RFC 6750 3.1)', async () => {
      expect(await verdict(`${door}/documents`, await tokens.api('zoe'))).toEqual(
        insufficient('read:documents'),
      );
      expect(
        await verdict(`${door}/organizations/${AURORA}/members`, await tokens.organization('bob', AURORA)),
      ).toEqual(insufficient('invite:member'));
      expect(
        await verdict(
          `${door}/organizations/${HARBOUR}/documents`,
          await tokens.organizationApi('alice', HARBOUR),
        ),
      ).toEqual(insufficient('write:documents'));
    });

    it('a token tells who calls, and by which client', async () => {
      expect((await ask(`${door}/plain`, await tokens.api('alice'))).body).toEqual({
        id: expect.any(String),
        email: 'alice@example.test',
        client: MOBILE.clientId,
        kind: 'api',
      });
      const { body } = await ask(`${door}/plain`, await tokens.machine());
      expect(body).toEqual({ client: application.sandbox.machine.clientId, kind: 'api' });
      expect(await verdict(`${door}/person`, await tokens.machine())).toMatchObject({ status: 403 });
    });

    it('a token for another audience is not valid here (MA-20)', async () => {
      expect(await verdict(`${door}/plain`, await tokens.elsewhere('alice'))).toEqual(INVALID);
    });

    it.each([
      ['a person', () => tokens.api('bob')],
      ['a program', () => tokens.machine()],
    ])('a token of %s that has expired since it was first seen is not valid any more', async (_, make) => {
      const token = await make();
      expect((await ask(`${door}/plain`, token)).status).toBe(200);
      const time = new SystemTime();
      time.advance(3600 + 15);
      try {
        expect(await verdict(`${door}/plain`, token)).toEqual(INVALID);
      } finally {
        time.restore();
      }
    });
  });

  describe.each<Door>(['session', 'either'])('behind the %s guard', (door) => {
    // prettier-ignore
    it.each([
      //         plain docs A    B    own  A/m  B/m  A/d  B/d  role open opt  o/d
      ['alice', [200, 200, 200, 200, 403, 200, 403, 200, 403, 200, 200, 200, 200]],
      ['bob',   [200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200]],
      ['zoe',   [200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 200, 200, 403]],
    ])('the session of %s goes as far as Logto says', async (persona, expected) => {
      expect(await row(door, undefined, browsers[persona])).toEqual(expected);
    });

    it('one who is no member is told so, and so is one without the permission', async () => {
      expect(await ask(`${door}/organizations/${HARBOUR}`, undefined, browsers['bob'])).toMatchObject({
        body: { code: 'auth.access_denied' },
      });
      expect(await ask(`${door}/organizations/${AURORA}/members`, undefined, browsers['bob'])).toMatchObject({
        body: { code: 'auth.forbidden' },
      });
    });

    it('a session tells who calls, and where', async () => {
      const { body } = await ask(`${door}/plain`, undefined, browsers['alice']);
      expect(body).toEqual({ id: expect.any(String), email: 'alice@example.test' });
      expect(await ask(`${door}/teams/${AURORA}`, undefined, browsers['alice'])).toMatchObject({
        body: { organization: AURORA },
      });
    });
  });

  describe.each<Door>(['session', 'token', 'either'])('behind the %s guard', (door) => {
    it('a stranger sees what is open and nothing else', async () => {
      // prettier-ignore
      expect(await row(door)).toEqual([401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 200, 401]);
    });
  });

  it('tell a stranger how to come back, where a token would do (RFC 6750 3)', async () => {
    expect(await verdict('token/plain')).toEqual(MISSING);
    expect(await verdict('either/plain')).toEqual({ ...MISSING, code: 'auth.unauthorized' });
    expect(await verdict('session/plain')).toEqual({
      ...MISSING,
      code: 'auth.unauthorized',
      challenge: null,
    });
  });

  it('behind the session guard take no token', async () => {
    expect((await ask('session/plain', await tokens.api('alice'))).status).toBe(401);
  });

  it('behind the token guard take no session', async () => {
    expect((await ask('token/plain', undefined, browsers['alice'])).status).toBe(401);
  });

  it('judge the token alone where both come', async () => {
    const { body } = await ask('either/plain', await tokens.api('bob'), browsers['alice']);
    expect(body).toMatchObject({ email: 'bob@example.test', client: MOBILE.clientId });
    expect((await ask('either/support', await tokens.api('bob'), browsers['alice'])).status).toBe(403);
  });

  it('ask Logto for the session that has let them in, and for none that came beside a token', async () => {
    expect((await ask('logto/either', undefined, browsers['alice'])).body).toEqual({
      isAuthenticated: true,
      subject: 'xw3jr9c2iw77',
    });
    for (const door of ['either', 'token'])
      expect((await ask(`logto/${door}`, await tokens.api('bob'), browsers['alice'])).body).toEqual({
        isAuthenticated: false,
        subject: 'auth.unauthorized',
      });
  });

  it('need no proof of a form where a token comes, since no browser sends one by itself', async () => {
    const submit = async (browser?: Browser, token?: string) => {
      const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
      const answer = await (browser ?? new Browser()).json(`${application.url}/forms`, {
        method: 'POST',
        headers,
      });
      return answer.status;
    };
    expect(await submit(undefined, await tokens.api('bob'))).toBe(204);
    expect(await submit(browsers['alice'], await tokens.api('bob'))).toBe(204);
    expect(await submit(browsers['alice'])).toBe(403);
    expect(await submit()).toBe(401);
  });

  it('demand what their class and their method demand together', async () => {
    const [all, some, none] = [await tokens.api('alice'), await tokens.api('bob'), await tokens.api('zoe')];
    const statuses = async (path: string) =>
      Promise.all([all, some, none].map(async (token) => (await ask(path, token)).status));
    expect(await statuses('archive')).toEqual([200, 200, 403]);
    expect(await statuses('archive/write')).toEqual([200, 403, 403]);
    expect(await statuses('archive/public')).toEqual([200, 200, 200]);
    expect((await verdict('archive/write', some)).challenge).toMatch(
      /scope="(?=.*read:documents)(?=.*write:documents)(?=.*read:customers)[^"]*"$/,
    );
    expect((await ask('archive/public')).status).toBe(200);
  });
});
