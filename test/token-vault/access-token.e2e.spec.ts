import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Secret } from '../../src/common/secret.js';
import { ConnectorRegistry } from '../../src/connectors/connector.registry.js';
import type { Connector } from '../../src/connectors/connector.js';
import { Refresher } from '../../src/token-vault/refresher.js';
import { SecretStore } from '../../src/token-vault/secret.store.js';
import { TokenVaultService } from '../../src/token-vault/token-vault.service.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import {
  consent,
  signInThroughGoogle,
  signInThroughLogto,
  startSandboxed,
  type Sandboxed,
} from '../support/sandboxed.js';

const HOUR_SECONDS = 3600;
const REFRESH = 'POST /google/token refresh_token';

describe.each(environments)("a user's Google token on $platform with $database", ({ platform, database }) => {
  let stage: Sandboxed;
  let browser: Browser;

  beforeAll(async () => {
    stage = await startSandboxed({ platform, database });
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    jest.restoreAllMocks();
    stage.sandbox.clearFaults();
    browser = new Browser();
    await signInThroughGoogle(browser, stage.backend, 'zoe');
    stage.sandbox.clearRequests();
  });

  const read = (from = browser) =>
    from.json(`${stage.backend.url}/api/my-account/identities/google/access-token`);
  const tokenOf = async (from = browser) => String((await read(from)).body['access_token']);
  const refreshes = () => stage.sandbox.requests()[REFRESH] ?? 0;
  const rows = () => stage.backend.dataSource.getRepository(StoredSecret).find();
  /** Lets no time pass for the backend until the test is over or moves it on. */
  const stopTime = () =>
    void jest.spyOn(stage.backend.clock, 'now').mockReturnValue(stage.backend.clock.now());
  /** The next refresh is on its way to Google until it may go on. */
  const holdRefresh = () => {
    let arrive = (): void => undefined;
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => (arrive = resolve));
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const connector = stage.backend.get(ConnectorRegistry).peek('google')?.connector as Required<Connector>;
    const refresh = connector.refresh.bind(connector);
    jest.spyOn(connector, 'refresh').mockImplementationOnce(async (...parameters) => {
      arrive();
      await held;
      return refresh(...parameters);
    });
    return { asked, goOn };
  };
  const userInfoStatus = async (token: string, { sandbox } = stage) =>
    (await fetch(`${sandbox.url}/google/v1/userinfo`, { headers: { authorization: `Bearer ${token}` } }))
      .status;

  it('is given out in Logto’s form, is not to be cached, and works at Google', async () => {
    const { status, headers, body } = await read();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
    expect(String(body['scope']).split(' ')).toContain('openid');
    expect(await userInfoStatus(String(body['access_token']))).toBe(200);
  });

  it('is found by the names of scopes that Google takes and does not repeat, and by no others', async () => {
    const url = `${stage.backend.url}/api/my-account/identities/google/access-token`;
    expect(await browser.json(`${url}?scope=openid+profile+email`)).toMatchObject({ status: 200 });
    expect(await browser.json(`${url}?scope=profile+calendar`)).toMatchObject({
      status: 409,
      body: { code: 'vault.scope_missing', data: { scope: 'calendar' } },
    });
    for (const bad of ['min_ttl=-1', 'min_ttl=soon', 'scope=a&scope=b', `token_secret_id=${'x'.repeat(22)}`])
      expect(await browser.json(`${url}?${bad}`)).toMatchObject({ status: 400 });
  });

  it('is the same as long as it is good, and asks Google nothing', async () => {
    expect(await tokenOf()).toBe(await tokenOf());
    expect(refreshes()).toBe(0);
  });

  it('is refused to whoever is not signed in, and absent for whoever has none (VC-18)', async () => {
    expect(await read(new Browser())).toMatchObject({ status: 401, body: { code: 'auth.unauthorized' } });
    const other = new Browser();
    await signInThroughLogto(other, stage.backend, 'alice');
    expect(await read(other)).toMatchObject({
      status: 404,
      body: { code: 'secrets.third_party_token_set.token_not_found', message: 'Token record not found.' },
    });
  });

  it('is renewed once it has expired, and the refresh token that Google does not repeat is kept (CE-29)', async () => {
    const first = await tokenOf();
    for (let round = 1; round <= 2; round += 1) {
      stage.sandbox.advance(HOUR_SECONDS);
      const next = await tokenOf();
      expect(next).not.toBe(first);
      expect([await userInfoStatus(first), await userInfoStatus(next)]).toEqual([401, 200]);
      expect(refreshes()).toBe(round);
    }
  });

  it('is renewed by exactly one request however many read it at once (RR-01)', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const answers = await Promise.all(Array.from({ length: 100 }, () => read()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body['access_token'])).size).toBe(1);
    expect(refreshes()).toBe(1);
  });

  it('keeps its refresh token over another sign-in that brings none (CE-30)', async () => {
    await signInThroughGoogle(new Browser(), stage.backend, 'zoe');
    expect((await rows()).map(({ hasRefreshToken }) => hasRefreshToken)).toEqual([true]);
    stage.sandbox.advance(HOUR_SECONDS);
    expect((await read()).status).toBe(200);
  });

  it.each([
    [
      'is down',
      { status: 503, body: 'down', contentType: 'text/plain' },
      503,
      'connector.provider_unavailable',
    ],
    ['drops the connection', { dropConnection: true }, 503, 'connector.provider_unavailable'],
    [
      'answers with a page',
      { status: 200, body: '<html>', contentType: 'text/html' },
      502,
      'connector.invalid_response',
    ],
    [
      'answers with null',
      { status: 200, body: 'null', contentType: 'application/json' },
      502,
      'connector.invalid_response',
    ],
    [
      'answers without a token',
      { status: 200, body: '{}', contentType: 'application/json' },
      502,
      'connector.invalid_response',
    ],
    [
      'asks to slow down',
      { status: 429, body: '{}', contentType: 'application/json' },
      503,
      'connector.rate_limited',
    ],
  ] as const)(
    'survives that Google %s: an error that says when to ask again, one request, nothing lost (RR-10)',
    async (_, fault, status, code) => {
      stage.sandbox.advance(HOUR_SECONDS);
      stage.sandbox.fail({ path: '/google/token', ...fault });
      stopTime();
      const failed = await read();
      expect(failed).toMatchObject({ status, body: { code } });
      expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0);

      expect(await read()).toMatchObject({ status: 503 });
      expect(refreshes()).toBe(1);

      jest.restoreAllMocks();
      stage.sandbox.clearFaults();
      stage.sandbox.advance(10 * 60);
      expect((await read()).status).toBe(200);
    },
  );

  it('is still given out while it is good, though Google fails to renew it early', async () => {
    const good = await tokenOf();
    stage.sandbox.advance(HOUR_SECONDS - 120);
    stage.sandbox.fail({ path: '/google/token', status: 503, body: 'down' });
    stopTime();
    expect(await read()).toMatchObject({ status: 200, body: { access_token: good } });
    expect(refreshes()).toBe(1);
    expect(await read()).toMatchObject({ status: 200, body: { access_token: good } });
    expect(refreshes()).toBe(1);
    expect((await rows())[0]).toMatchObject({ state: 'active', failures: 1 });
  });

  it('needs the person once the grant is gone: says so without asking again, and where to go (RR-11)', async () => {
    stage.sandbox.revokeGoogleGrants('zoe');
    stage.sandbox.advance(HOUR_SECONDS);
    const gone = await read();
    const authorizationUrl = `${stage.backend.url}/auth/social/google/reauthorize`;
    expect(gone).toMatchObject({
      status: 409,
      body: {
        code: 'reauthorization_required',
        data: { target: 'google', reason: 'grant_invalid', authorization_url: authorizationUrl },
      },
    });
    for (let again = 0; again < 3; again += 1) expect((await read()).status).toBe(409);
    expect(refreshes()).toBe(1);

    const page = await (await browser.open(authorizationUrl)).press('persona', 'zoe').then(consent);
    expect(page.url).toBe(`${stage.backend.url}/`);
    expect(await userInfoStatus(await tokenOf())).toBe(200);
    stage.sandbox.advance(HOUR_SECONDS);
    expect(await userInfoStatus(await tokenOf())).toBe(200);
  });

  it.each([
    ['which would have been good', () => undefined],
    ['which Google refuses by then', () => stage.sandbox.revokeGoogleGrants('zoe')],
  ])('of a new sign-in is not overwritten by a slow refresh of the old one, %s', async (_, meanwhile) => {
    const [{ version }] = (await rows()) as [StoredSecret];
    stage.sandbox.advance(HOUR_SECONDS);
    const { asked, goOn } = holdRefresh();
    const slow = read();
    await asked;
    meanwhile();
    await signInThroughGoogle(new Browser(), stage.backend, 'zoe');
    const newest = await tokenOf();
    goOn();
    expect(await slow).toMatchObject({ status: 200, body: { access_token: newest } });
    expect(await rows()).toMatchObject([{ version: version + 1, state: 'active' }]);
    expect(await userInfoStatus(await tokenOf())).toBe(200);
  });

  it('is handed out though it cannot be stored at once, and the refresh token is not sent again (RR-24)', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const store = stage.backend.get(SecretStore);
    const failing = jest.spyOn(store, 'complete').mockRejectedValueOnce(new Error('the database is away'));
    const token = await tokenOf();
    expect(await userInfoStatus(token)).toBe(200);
    expect(refreshes()).toBe(1);
    expect(await tokenOf()).toBe(token);
    expect(refreshes()).toBe(1);
    failing.mockRestore();
  });

  it('is handed out though it cannot be stored at all, and the provider is not asked again at once', async () => {
    stage.sandbox.advance(HOUR_SECONDS - 120);
    const store = stage.backend.get(SecretStore);
    const failing = jest.spyOn(store, 'complete').mockRejectedValue(new Error('the database is away'));
    stopTime();
    expect(await userInfoStatus(await tokenOf())).toBe(200);
    expect(await userInfoStatus(await tokenOf())).toBe(200);
    expect(refreshes()).toBe(1);
    failing.mockRestore();
  });

  it.each([
    ['a lifetime beyond all bounds', { expires_in: 1e308 }],
    ['a scope that no database takes', { scope: 'openid a\u0000b' }],
    ['a lifetime of nothing', { expires_in: 0 }],
  ])('survives an answer with %s', async (_, changes) => {
    stage.sandbox.advance(HOUR_SECONDS);
    const body = JSON.stringify({
      access_token: 'ya29.odd',
      token_type: 'Bearer',
      expires_in: 3599,
      ...changes,
    });
    stage.sandbox.fail({
      path: '/google/token',
      status: 200,
      body,
      contentType: 'application/json',
      times: 1,
    });
    expect(await read()).toMatchObject({ status: 200, body: { access_token: 'ya29.odd' } });
    expect((await rows())[0]?.expiresAt ?? 0).toBeLessThan(
      stage.backend.clock.now() + 11 * 365 * 24 * HOUR_SECONDS,
    );
  });

  it('is not brought back to life by the refresh token of a grant that is gone', async () => {
    stage.sandbox.revokeGoogleGrants('zoe');
    stage.sandbox.advance(HOUR_SECONDS);
    expect((await read()).status).toBe(409);
    const vault = stage.backend.get(TokenVaultService);
    const [{ userId, subject }] = (await rows()) as [StoredSecret];
    const owner = { userId, subject, connectorId: 'google', target: 'google' };
    const granted = { accessToken: new Secret('new'), tokenType: 'Bearer' };
    await stage.backend.dataSource.transaction((manager) => vault.store(manager, owner, granted));
    expect(await rows()).toMatchObject([{ hasRefreshToken: false, state: 'active' }]);
  });

  it('is waited for when the backend is told to stop, which begins no other (RR-27)', async () => {
    const leaving = await startSandboxed({ platform, database });
    const reader = new Browser();
    await signInThroughGoogle(reader, leaving.backend, 'zoe');
    leaving.sandbox.advance(HOUR_SECONDS);
    leaving.sandbox.clearRequests();
    leaving.sandbox.fail({ path: '/google/token', delayMilliseconds: 300, times: 1 });
    const vault = leaving.backend.get(TokenVaultService);
    const [{ userId, version }] = (await secretsOf(leaving)) as [StoredSecret];
    const reading = vault.read(userId, 'google');
    await until(() => leaving.sandbox.requests()[REFRESH] === 1);
    await leaving.backend.get(Refresher).beforeApplicationShutdown();
    expect(await secretsOf(leaving)).toMatchObject([{ version: version + 1 }]);
    expect(await userInfoStatus((await reading).accessToken.reveal(), leaving)).toBe(200);
    leaving.sandbox.advance(HOUR_SECONDS);
    await expect(vault.read(userId, 'google')).rejects.toMatchObject({ retryAfterSeconds: 1 });
    expect(leaving.sandbox.requests()[REFRESH]).toBe(1);
    await leaving.close();
  });

  it.each(['%00', 'a%00b', '%20', 'x'.repeat(65), '%F0%9F%98%80'])(
    'is absent at the target %s',
    async (target) => {
      const answer = await browser.json(
        `${stage.backend.url}/api/my-account/identities/${target}/access-token`,
      );
      expect(answer.status).toBe(404);
    },
  );

  it('is not renewed with the account of somebody else', async () => {
    stage.sandbox.revokeGoogleGrants('zoe');
    stage.sandbox.advance(HOUR_SECONDS);
    await read();
    const page = await (
      await browser.open(`${stage.backend.url}/auth/social/google/reauthorize`)
    )
      .press('persona', 'bob')
      .then(consent);
    expect(page.status).toBe(403);
    expect(page.html).toContain('auth.link_refused');
    expect((await read()).status).toBe(409);
  });

  it('brings a refresh token even where Google had given it before we kept any', async () => {
    await stage.backend.dataSource.getRepository(StoredSecret).deleteAll();
    const again = new Browser();
    const page = await (await again.open(`${stage.backend.url}/auth/social/google`)).press('persona', 'zoe');
    const asked = await page.press('persona', 'zoe');
    expect(asked.html).toContain('name="allow"');
    expect((await consent(asked)).url).toBe(`${stage.backend.url}/`);
    expect((await rows()).map(({ hasRefreshToken }) => hasRefreshToken)).toEqual([true]);
  });
});

const secretsOf = ({ backend }: Sandboxed): Promise<StoredSecret[]> =>
  backend.dataSource.getRepository(StoredSecret).find();

/** Lets everything else run until it is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
