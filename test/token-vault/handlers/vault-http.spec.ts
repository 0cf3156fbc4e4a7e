import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import {
  AuditEntry,
  AuditLog,
  Clock,
  ConnectorsModule,
  LatchkeyError,
  openDataSource,
  SealingModule,
  Secret,
  TokenVaultModule,
  TokenVaultService,
  VaultHttpService,
  type ConnectorInstance,
  type TokenSet,
} from '../../../src/index.js';
import { FakeConnector } from '../../identities/fake.connector.js';
import { TEST_VAULT_KEYS, recorder } from '../../support/backend.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { json } from '../../support/hostile-issuer-http.js';
import { drop, scriptedProvider } from '../../support/scripted-provider.js';

const api = scriptedProvider({
  'GET /me': json({ name: 'Zoe' }),
  'POST /notes': ({ body, headers }) => json({ body, type: headers['content-type'] }, 201),
});
const elsewhere = scriptedProvider({ 'GET /me': json({ name: 'nobody' }) });

/** Renews tokens without a network: `token-1`, `token-2`, … */
@Injectable()
class RenewingConnector extends FakeConnector {
  renewals = 0;
  isGone = false;

  override refresh(): Promise<TokenSet> {
    if (this.isGone) return Promise.reject(new LatchkeyError('connector.grant_invalid', 'gone'));
    this.renewals += 1;
    return Promise.resolve({ accessToken: new Secret(`token-${this.renewals}`), tokenType: 'Bearer' });
  }

  override apiHosts(_: ConnectorInstance): string[] {
    return [new URL(api.origin).host];
  }
}

const unless401 =
  (good: string[]) =>
  ({ headers: { authorization = '' } }: { headers: { authorization?: string } }) =>
    good.includes(authorization) ? json({ name: 'Zoe' }) : json({ error: 'expired' }, 401);

describe.each(databaseKinds)("a call of a provider's API with a token in %s", (kind) => {
  let database: TemporaryDatabase;
  let dataSource: DataSource;
  let http: VaultHttpService;
  let connector: RenewingConnector;
  let vault: TokenVaultService;
  let audit: AuditLog;
  let clock: Clock;
  let close: () => Promise<void>;
  const logs: string[] = [];

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    dataSource = await openDataSource(database.url);
    const hosts = [api, elsewhere].map(({ origin }) => new URL(origin).host);
    const instance = (id: string) => ({
      id,
      connectorId: 'fake',
      target: 'notes',
      config: {},
      enableTokenStorage: true,
    });
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: async () => dataSource,
        }),
        SealingModule.forRoot({ keys: TEST_VAULT_KEYS }),
        ConnectorsModule.forRoot({
          connectors: [RenewingConnector],
          instances: [instance('notes'), instance('notes-2')],
          privateHosts: hosts,
          controllers: false,
        }),
        TokenVaultModule.forRoot({
          controllers: false,
          apiHosts: { 'notes-2': [new URL(elsewhere.origin).host] },
        }),
      ],
    })
      .setLogger(recorder(logs))
      .compile();
    await module.init();
    [http, connector, vault, audit] = [
      module.get(VaultHttpService),
      module.get(RenewingConnector),
      module.get(TokenVaultService),
      module.get(AuditLog),
    ];
    clock = module.get(Clock);
    close = () => module.close();
  });

  afterAll(async () => {
    await close();
    await database.drop();
  });

  let users = 0;
  let userId: string;
  const store = (changes: Partial<TokenSet> = {}, connectorId = 'notes', of = userId) => {
    const owner = { userId: of, connectorId, target: 'notes', subject: `${connectorId} of ${of}` };
    const granted = {
      accessToken: new Secret('token-0'),
      refreshToken: new Secret('the-refresh-token'),
      tokenType: 'Bearer',
      scope: ['read'],
      ...changes,
    };
    return dataSource.transaction((manager) => vault.store(manager, owner, granted));
  };

  beforeEach(async () => {
    userId = `user-${(users += 1)}`;
    connector.renewals = 0;
    connector.isGone = false;
    await store();
  });

  afterEach(() => {
    const all = [...logs, ...api.addresses, ...elsewhere.addresses].join('\n');
    expect(all).not.toMatch(/token-\d|the-refresh-token/);
  });

  const access = (changes: object = {}) => ({ userId, target: 'notes', ...changes });
  const get = (path = '/me', changes: object = {}) => http.fetch(access(changes), `${api.origin}${path}`);
  const tokensSent = () => api.requests.map(({ headers }) => headers.authorization);
  const nothingWasAsked = () => expect([...api.requests, ...elsewhere.requests]).toEqual([]);

  it('carries the token, and is answered as the API answers', async () => {
    const answer = await get();
    expect([answer.status, await answer.json()]).toEqual([200, { name: 'Zoe' }]);
    expect((await get('/unknown')).status).toBe(404);
    expect(tokensSent()).toEqual(['Bearer token-0', 'Bearer token-0']);
  });

  it.each<[string, () => RequestInit['body'], string | undefined, RegExp]>([
    ['a text', () => '{"a":1}', 'application/json', /^\{"a":1\}$/],
    ['a form', () => new URLSearchParams({ a: '1' }), undefined, /^a=1$/],
    ['bytes', () => Buffer.from('bytes'), undefined, /^bytes$/],
    [
      'parts',
      () => {
        const parts = new FormData();
        parts.set('a', '1');
        return parts;
      },
      undefined,
      /name="a"\r\n\r\n1\r\n/,
    ],
    ['a blob', () => new Blob(['blob'], { type: 'text/x-note' }), undefined, /^blob$/],
    ['a stream', () => new Blob(['stream']).stream(), undefined, /^stream$/],
    ['a stream of Node', () => Readable.from([Buffer.from('node')]), undefined, /^node$/],
  ])('carries %s', async (_, body, type, expected) => {
    const headers = { 'x-note': '1', ...(type && { 'content-type': type }) };
    const answer = await http.fetch(access(), `${api.origin}/notes`, {
      method: 'POST',
      body: body(),
      headers,
    });
    expect([answer.status, ((await answer.json()) as { body: string }).body]).toEqual([
      201,
      expect.stringMatching(expected),
    ]);
    const sent = api.requestTo('POST /notes').headers;
    expect(sent['x-note']).toBe('1');
    if (type) expect(sent['content-type']).toBe(type);
  });

  it('is made once more with a renewed token where the API takes the first no longer, with the same body', async () => {
    api.script({
      'POST /notes': ({ body, headers }) =>
        headers.authorization === 'Bearer token-1' ? json({ body }) : json({ error: 'expired' }, 401),
    });
    const answer = await http.fetch(access(), `${api.origin}/notes`, { method: 'POST', body: 'kept' });
    expect([answer.status, await answer.json()]).toEqual([200, { body: 'kept' }]);
    expect(tokensSent()).toEqual(['Bearer token-0', 'Bearer token-1']);
    expect((await vault.read(userId, 'notes')).accessToken.reveal()).toBe('token-1');
  });

  it('is never made a third time', async () => {
    api.script({ 'GET /me': json({ error: 'never' }, 401) });
    expect((await get()).status).toBe(401);
    expect([api.requests.length, connector.renewals]).toEqual([2, 1]);
  });

  it('renews no token again and again for an API that takes none, and does so again after five minutes', async () => {
    api.script({ 'GET /me': json({ error: 'never' }, 401) });
    for (let call = 0; call < 5; call += 1) expect((await get()).status).toBe(401);
    expect([api.requests.length, connector.renewals]).toEqual([6, 1]);
    clock.advance(5 * 60);
    expect((await get()).status).toBe(401);
    expect(connector.renewals).toBe(2);
  });

  it('asks a provider once that gives the same token again', async () => {
    api.script({ 'GET /me': json({ error: 'never' }, 401) });
    const refresh = jest.spyOn(connector, 'refresh');
    refresh.mockImplementation(() =>
      Promise.resolve({ accessToken: new Secret('token-0'), tokenType: 'Bearer' }),
    );
    for (let call = 0; call < 5; call += 1) expect((await get()).status).toBe(401);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(api.requests).toHaveLength(5);
    refresh.mockRestore();
  });

  it('renews a token once for all calls that it was refused to', async () => {
    api.script({ 'GET /me': unless401(['Bearer token-1']) });
    const answers = await Promise.all(Array.from({ length: 20 }, () => get()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(connector.renewals).toBe(1);
  });

  it('is made once where its body is a stream', async () => {
    api.script({ 'POST /notes': json({ error: 'expired' }, 401) });
    const body = new Blob(['once']).stream();
    const answer = await http.fetch(access(), `${api.origin}/notes`, { method: 'POST', body });
    expect([answer.status, api.requests.length, connector.renewals]).toEqual([401, 1, 0]);
  });

  it('is made once where nothing renews the token', async () => {
    userId = `${userId}-without`;
    await store({ refreshToken: undefined });
    connector.isGone = true;
    api.script({ 'GET /me': json({ error: 'expired' }, 401) });
    expect((await get()).status).toBe(401);
    expect(api.requests).toHaveLength(1);
  });

  it('needs the person where the grant is gone', async () => {
    connector.isGone = true;
    api.script({ 'GET /me': json({ error: 'expired' }, 401) });
    await expect(get()).rejects.toMatchObject({ code: 'reauthorization_required' });
    expect(api.requests).toHaveLength(1);
  });

  it('follows no redirect, and takes the token nowhere', async () => {
    api.script({ 'GET /me': { status: 302, headers: { location: `${elsewhere.origin}/me` }, body: '' } });
    const answer = await get();
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${elsewhere.origin}/me`]);
    expect(elsewhere.requests).toEqual([]);
  });

  it('goes to the hosts of its own instance', async () => {
    await store({ accessToken: new Secret('token-9') }, 'notes-2');
    const held = await vault.list(userId);
    const from = (id: string) => {
      const secretId = held.find(({ connectorId }) => connectorId === id)?.id;
      return http.fetch(access({ secretId }), `${elsewhere.origin}/me`);
    };
    expect((await from('notes-2')).status).toBe(200);
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-9']);
    await expect(from('notes')).rejects.toMatchObject({
      code: 'vault.request_forbidden',
      data: { reason: 'host' },
    });
  });

  it.each<[string, (host: string) => string, string]>([
    ['another host', () => 'https://evil.test/me', 'vault.request_forbidden'],
    ['another port', (host) => `http://${host.replace(/:\d+/, ':1')}/me`, 'connector.address_forbidden'],
    [
      'the host of the address before an @',
      (host) => `http://${host}@evil.test/`,
      'connector.address_forbidden',
    ],
    ['credentials', (host) => `http://user:password@${host}/me`, 'connector.address_forbidden'],
    ['plain http', () => 'http://api.github.com/', 'connector.address_forbidden'],
    ['another scheme', () => 'file:///etc/passwd', 'connector.address_forbidden'],
    ['a private address', () => 'https://169.254.169.254/', 'connector.address_forbidden'],
    ['no address', () => '/me', 'connector.address_forbidden'],
  ])('is not made to %s: nothing is sent', async (_, address, code) => {
    const { host } = new URL(api.origin);
    await expect(http.fetch(access(), address(host))).rejects.toMatchObject({ code });
    nothingWasAsked();
  });

  it.each([
    'authorization',
    'Authorization',
    'HOST',
    'Proxy-Authorization',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Upgrade',
    'Expect',
    'TE',
  ])('is not made with a header %s of the caller', async (name) => {
    const call = http.fetch(access(), `${api.origin}/me`, { headers: { [name]: 'x' } });
    await expect(call).rejects.toMatchObject({
      code: 'vault.request_forbidden',
      data: { reason: name.toLowerCase() },
    });
    nothingWasAsked();
  });

  it('is not made where a scope is missing, nothing is stored, or the token set is somebody else’s (MA-04)', async () => {
    await store({}, 'notes', 'somebody');
    const [theirs] = await vault.list('somebody');
    const absent = { code: 'secrets.third_party_token_set.token_not_found' };
    await expect(get('/me', { scope: ['write'] })).rejects.toMatchObject({ code: 'vault.scope_missing' });
    await expect(get('/me', { userId: 'nobody' })).rejects.toMatchObject(absent);
    await expect(get('/me', { target: 'other' })).rejects.toMatchObject(absent);
    await expect(get('/me', { secretId: theirs?.id })).rejects.toMatchObject(absent);
    nothingWasAsked();
  });

  it('tells nothing of the token where the API does not answer, or no header can carry it', async () => {
    api.script({ 'GET /me': drop });
    const failed = await get().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'connector.provider_unavailable' });
    userId = `${userId}-odd`;
    await store({ accessToken: new Secret('token-7\r\nx-evil: 1') });
    const refused = await get().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'vault.request_forbidden', data: { reason: 'token' } });
    for (const error of [failed, refused] as Error[])
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/token-\d/);
  });

  it('leaves a trace of whoever it is made for', async () => {
    await get('/me', { reader: { actorId: 'job:digest' } });
    await audit.flush();
    const rows = await dataSource.manager.findBy(AuditEntry, { userId, event: 'secret.read' });
    expect(rows).toMatchObject([{ outcome: 'done', actorId: 'job:digest', target: 'notes' }]);
  });
});
