import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { Hook } from '../../src/events/webhooks/hook.entity.js';
import { environments } from '../support/backend.js';
import { temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { Receiver, status } from './receiver.js';
import { startInstance, until, stored, type Answer, type Instance } from './stage.js';

const CANARY = 'canary-credential-of-the-receiver';

const verdictOf = ({ status: code, body }: Answer): string =>
  code < 400 ? String(code) : `${code} ${String(body['code'])}`;

describe.each(environments)('the routes of webhooks, on $platform with $database', (environment) => {
  let receiver: Receiver;
  let elsewhere: Receiver;
  let database: TemporaryDatabase;
  let instance: Instance;

  beforeAll(async () => {
    [receiver, elsewhere] = [await Receiver.start(), await Receiver.start()];
    database = await temporaryDatabase(environment.database);
    const { platform } = environment;
    instance = await startInstance({
      databaseUrl: database.url,
      platform,
      receivers: [receiver, elsewhere],
    });
  });

  beforeEach(() => {
    receiver.reset();
    elsewhere.reset();
  });

  afterAll(async () => {
    await instance.close();
    await database.drop();
    await Promise.all([receiver.close(), elsewhere.close()]);
  });

  const create = async (config: object = { url: receiver.url }) => {
    const body = { name: 'Ours', events: ['TokenSet.Stored', 'User.Deleted'], config };
    const answer = await instance.ask('POST', 'hooks', body);
    return { answer, id: String(answer.body['id']), signingKey: String(answer.body['signingKey']) };
  };

  const auditOf = async (id: string) => {
    const entries = await instance.dataSource.getRepository(AuditEntry).findBy({ target: id });
    return entries
      .sort((one, other) => one.id - other.id)
      .map(({ event, outcome, actorId }) => [event, outcome, actorId]);
  };

  it('make, show, change and delete one in the form of Logto, each change on record', async () => {
    const { answer, id } = await create();
    const shown = {
      id: expect.stringMatching(/^[0-9a-z]{21}$/),
      name: 'Ours',
      events: ['TokenSet.Stored', 'User.Deleted'],
      config: { url: receiver.url },
      configuredHeaders: [],
      enabled: true,
      createdAt: expect.any(Number),
    };
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ ...shown, signingKey: expect.stringMatching(/^[\w-]{43}$/) });
    expect((await instance.ask('GET', `hooks/${id}`)).body).toEqual(shown);
    expect((await instance.ask('GET', 'hooks')).list).toContainEqual(shown);
    const changes = { name: 'Theirs', events: ['User.Deleted', 'User.Deleted'], enabled: false };
    const changed = await instance.ask('PATCH', `hooks/${id}`, changes);
    expect(changed.body).toEqual({ ...shown, name: 'Theirs', events: ['User.Deleted'], enabled: false });
    expect((await instance.ask('DELETE', `hooks/${id}`)).status).toBe(204);
    expect(verdictOf(await instance.ask('GET', `hooks/${id}`))).toBe('404 entity.not_found');
    expect(await auditOf(id)).toEqual([
      ['webhook.created', 'done', 'the-administrator'],
      ['webhook.updated', 'done', 'the-administrator'],
      ['webhook.deleted', 'done', 'the-administrator'],
    ]);
  });

  it('tell the signing key where it is made and rotated, and headers never', async () => {
    const { answer, id, signingKey } = await create({
      url: receiver.url,
      headers: { Authorization: CANARY, 'X-Tenant': 'one' },
    });
    const rotated = await instance.ask('PATCH', `hooks/${id}/signing-key`);
    const others = await Promise.all([
      instance.ask('GET', `hooks/${id}`),
      instance.ask('GET', 'hooks'),
      instance.ask('PATCH', `hooks/${id}`, { name: 'Another' }),
      instance.ask('PATCH', `hooks/${id}`, { config: { url: receiver.url } }),
    ]);
    expect(rotated.body['signingKey']).toMatch(/^[\w-]{43}$/);
    expect(rotated.body['signingKey']).not.toBe(signingKey);
    for (const { status: code, text } of others) {
      expect(code).toBe(200);
      expect(text).not.toContain(signingKey);
      expect(text).not.toContain(String(rotated.body['signingKey']));
    }
    for (const { text } of [answer, rotated, ...others]) expect(text).not.toContain(CANARY);
    expect(others[0]?.body['configuredHeaders']).toEqual(['authorization', 'x-tenant']);
    expect(await auditOf(id)).toContainEqual(['webhook.signing_key_rotated', 'done', 'the-administrator']);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it('keep key and headers in no row, log or audit entry in clear', async () => {
    const { id, signingKey } = await create({ url: receiver.url, headers: { authorization: CANARY } });
    receiver.reply = status(500);
    await instance.events.publish(stored('ada'));
    await until(() => receiver.requests.length > 0, 'a delivery arrives');
    await until(() => instance.logs.some((line) => line.includes(id)), 'the failure is logged');
    expect(receiver.requests[0]?.headers.authorization).toBe(CANARY);
    const dump = (await database.dump()).toString('latin1');
    expect(dump).toContain(id);
    for (const secret of [CANARY, signingKey]) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret).toString('base64').slice(0, -4));
      expect(instance.logs.join('\n')).not.toContain(secret);
    }
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it('send no header to another address unseen', async () => {
    const { id } = await create({ url: receiver.url, headers: { authorization: CANARY } });
    const moved = { config: { url: elsewhere.url } };
    const refused = await instance.ask('PATCH', `hooks/${id}`, moved);
    expect(verdictOf(refused)).toBe('422 connector.secret_required');
    expect(refused.body['data']).toEqual({ fields: ['authorization'] });
    expect(verdictOf(await instance.ask('POST', `hooks/${id}/test`, moved))).toBe(
      '422 connector.secret_required',
    );
    const given = { config: { url: elsewhere.url, headers: {} } };
    expect((await instance.ask('PATCH', `hooks/${id}`, given)).body).toMatchObject({
      config: { url: elsewhere.url },
      configuredHeaders: [],
    });
    expect(elsewhere.requests).toEqual([]);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it('make the secrets of a row useless with another address in it', async () => {
    const { id } = await create({ url: receiver.url, headers: { authorization: CANARY } });
    await instance.dataSource.getRepository(Hook).update({ id }, { url: elsewhere.url });
    expect(verdictOf(await instance.ask('POST', `hooks/${id}/test`))).toBe('503 vault.integrity_error');
    expect(elsewhere.requests).toEqual([]);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it.each([
    ['no events', { config: { url: 'https://example.com/' } }],
    ['an empty list of events', { events: [], config: { url: 'https://example.com/' } }],
    ['an event that there is not', { events: ['Role.Created'], config: { url: 'https://example.com/' } }],
    ['no address', { events: ['User.Deleted'], config: {} }],
    ['an address that is none', { events: ['User.Deleted'], config: { url: 'example' } }],
    ['an address of another kind', { events: ['User.Deleted'], config: { url: 'ftp://example.com/' } }],
    ['an address over two lines', { events: ['User.Deleted'], config: { url: 'https://a.com/b\r\nc' } }],
    ['an address that ends its line', { events: ['User.Deleted'], config: { url: 'https://a.com/b\n' } }],
    ['a fragment', { events: ['User.Deleted'], config: { url: 'https://example.com/#a' } }],
    ['a field that is not ours', { events: ['User.Deleted'], config: { url: 'https://a.com/' }, id: 'a' }],
    ['a signing key', { events: ['User.Deleted'], config: { url: 'https://a.com/' }, signingKey: 'a' }],
    ['a name with NUL', { name: 'a\0b', events: ['User.Deleted'], config: { url: 'https://a.com/' } }],
    [
      'a header with a line break',
      { events: ['User.Deleted'], config: { url: 'https://a.com/', headers: { a: 'b\r\nc: d' } } },
    ],
    [
      'a name that is no header',
      { events: ['User.Deleted'], config: { url: 'https://a.com/', headers: { 'a b': 'c' } } },
    ],
    [
      'a header of ours',
      { events: ['User.Deleted'], config: { url: 'https://a.com/', headers: { 'Latchkey-Signature': 'c' } } },
    ],
    ['nothing', undefined],
    ['a list', []],
  ])('refuse %s', async (_, body) => {
    expect(verdictOf(await instance.ask('POST', 'hooks', body))).toBe('400 guard.invalid_input');
  });

  it.each([
    ['http', 'http://example.com/', 'scheme'],
    ['loopback', 'https://127.0.0.1/', 'address'],
    ['the metadata of a cloud', 'https://169.254.169.254/latest', 'address'],
    ['IPv6 loopback', 'https://[::1]/', 'address'],
    ['a private name', 'https://db.internal/', 'address'],
    ['credentials', 'https://a:b@example.com/', 'credentials'],
    ['the port of a database', 'https://example.com:5432/', 'port'],
  ])('refuse an address that is %s, before a byte is sent (SF-01)', async (_, url, reason) => {
    const refused = await instance.ask('POST', 'hooks', { events: ['User.Deleted'], config: { url } });
    expect(verdictOf(refused)).toBe('422 connector.address_forbidden');
    expect(refused.body['data']).toEqual({ reason, field: 'url' });
  });

  it('let in nobody but whoever manages', async () => {
    const { id } = await create();
    const paths = [
      ['GET', 'hooks'],
      ['POST', 'hooks'],
      ['GET', `hooks/${id}`],
      ['PATCH', `hooks/${id}`],
      ['DELETE', `hooks/${id}`],
      ['GET', `hooks/${id}/recent-logs`],
      ['POST', `hooks/${id}/test`],
      ['PATCH', `hooks/${id}/signing-key`],
      ['POST', `hooks/${id}/deliveries/${id}/redeliver`],
    ] as const;
    for (const [method, path] of paths)
      expect([path, (await instance.ask(method, path, undefined, 'Bearer somebody')).status]).toEqual([
        path,
        401,
      ]);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it.each(['nobody', 'a'.repeat(21), '%00', "'", 'a'.repeat(80)])('answer 404 for the id %s', async (id) => {
    const path = `hooks/${id}`;
    const answers = await Promise.all([
      instance.ask('GET', path),
      instance.ask('PATCH', path, { name: 'a' }),
      instance.ask('DELETE', path),
      instance.ask('PATCH', `${path}/signing-key`),
      instance.ask('POST', `${path}/test`),
      instance.ask('GET', `${path}/recent-logs`),
      instance.ask('POST', `${path}/deliveries/${id}/redeliver`),
    ]);
    for (const answer of answers) expect(answer.status).toBe(404);
  });

  it('lose neither of two changes that are made at once', async () => {
    const { id } = await create();
    await Promise.all([
      ...Array.from({ length: 5 }, () => instance.ask('PATCH', `hooks/${id}/signing-key`)),
      instance.ask('PATCH', `hooks/${id}`, { config: { url: elsewhere.url } }),
      instance.ask('PATCH', `hooks/${id}`, { name: 'Renamed' }),
    ]);
    expect((await instance.ask('GET', `hooks/${id}`)).body).toMatchObject({
      name: 'Renamed',
      config: { url: elsewhere.url },
    });
    expect((await instance.ask('POST', `hooks/${id}/test`)).status).toBe(204);
    expect(await auditOf(id)).toHaveLength(8);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it('try an endpoint with an example of each event, marked as a test, and keep no trace', async () => {
    const { id } = await create();
    expect((await instance.ask('POST', `hooks/${id}/test`)).status).toBe(204);
    expect(receiver.messages.map(({ event }) => event).sort()).toEqual(['TokenSet.Stored', 'User.Deleted']);
    expect(receiver.messages.every(({ test, hookId }) => test === true && hookId === id)).toBe(true);
    const trial = { events: ['TokenSet.Deleted'], config: { url: elsewhere.url } };
    expect((await instance.ask('POST', `hooks/${id}/test`, trial)).status).toBe(204);
    expect(elsewhere.messages.map(({ event }) => event)).toEqual(['TokenSet.Deleted']);
    expect((await instance.ask('GET', `hooks/${id}/recent-logs`)).list).toEqual([]);
    await instance.ask('DELETE', `hooks/${id}`);
  });

  it('answer 422 for a test that the endpoint does not take', async () => {
    const { id } = await create();
    receiver.reply = status(503);
    const refused = await instance.ask('POST', `hooks/${id}/test`);
    expect(verdictOf(refused)).toBe('422 hook.endpoint_responded_with_error');
    expect(refused.body['data']).toEqual({ responseStatus: 503 });
    const nobody = await Receiver.start();
    await nobody.close();
    const path = `hooks/${id}/test`;
    expect(verdictOf(await instance.ask('POST', path, { config: { url: nobody.url } }))).toBe(
      '422 connector.address_forbidden',
    );
    await instance.ask('DELETE', `hooks/${id}`);
  });
});
