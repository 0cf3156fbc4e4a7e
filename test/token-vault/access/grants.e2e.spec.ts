import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/index.js';
import { TokenGrant } from '../../../src/token-vault/access/token-grant.entity.js';
import { verdictOf } from '../../connectors/management/stage.js';
import { environments } from '../../support/backend.js';
import { AccessStage } from './stage.js';

const GRANT = { clientId: 'reports', target: 'google', purpose: 'weekly-report' };

describe.each(environments)('grants to read tokens on $platform with $database', (environment) => {
  let stage: AccessStage;

  beforeAll(async () => {
    stage = await AccessStage.open(environment);
  });

  afterAll(() => stage.close());

  afterEach(() => stage.backend.dataSource.getRepository(TokenGrant).deleteAll());

  const create = (changes: object = {}) => stage.manage('POST', 'token-grants', { ...GRANT, ...changes });
  const listed = async (query = '') => {
    const { text } = await stage.manage('GET', `token-grants${query}`);
    return JSON.parse(text) as (typeof GRANT & { id: string })[];
  };

  it('are given, listed and taken away by whoever manages', async () => {
    const expiresAt = stage.backend.clock.now() + 3600;
    const { status, headers, body } = await create({ scope: 'openid email', expiresAt });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(body).toEqual({
      ...GRANT,
      id: expect.stringMatching(/^[\da-z]{21}$/),
      scope: 'openid email',
      expiresAt,
      createdAt: expect.any(Number),
      createdBy: 'client:latchkey-sandbox-machine',
    });
    expect(await listed()).toEqual([body]);
    expect((await stage.manage('DELETE', `token-grants/${String(body['id'])}`)).status).toBe(204);
    expect(await listed()).toEqual([]);
  });

  it('are found by program and by provider', async () => {
    await create();
    await create({ clientId: 'support' });
    await create({ target: 'github' });
    expect(await listed('?clientId=reports&target=google')).toMatchObject([GRANT]);
    expect(await listed('?clientId=support')).toHaveLength(1);
    expect(await listed('?target=github')).toHaveLength(1);
    for (const query of ['sort=id', 'clientId=%00', 'target=%00', 'target=a%2Fb', 'clientId=a&clientId=b'])
      expect([query, (await stage.manage('GET', `token-grants?${query}`)).status]).toEqual([query, 400]);
  });

  it('are one for a use; one that has expired gives way', async () => {
    await create({ expiresAt: stage.backend.clock.now() + 60 });
    expect(verdictOf(await create())).toBe('422 entity.unique_integrity_violation');
    stage.sandbox.advance(60);
    expect((await create()).status).toBe(201);
    expect(await listed()).toMatchObject([{ expiresAt: null }]);
  });

  it('are one for a use, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create()));
    const verdicts = answers.map(verdictOf).sort();
    expect(verdicts).toEqual(['201', ...Array<string>(9).fill('422 entity.unique_integrity_violation')]);
  });

  it('are written down with who changed them (MA-18)', async () => {
    const { body } = await create();
    await stage.manage('DELETE', `token-grants/${String(body['id'])}`);
    const rows = await stage.backend.dataSource.manager.find(AuditEntry, { order: { id: 'DESC' }, take: 2 });
    const about = { ...GRANT, actorId: 'client:latchkey-sandbox-machine', outcome: 'done' };
    expect(rows).toMatchObject([
      { event: 'token_grant.removed', ...about },
      { event: 'token_grant.created', ...about },
    ]);
  });

  it('are absent where there are none', async () => {
    for (const id of ['nope', 'a'.repeat(21), '%20', '%00', "'--"])
      expect(verdictOf(await stage.manage('DELETE', `token-grants/${id}`))).toBe('404 entity.not_found');
  });

  it.each<[string, object]>([
    ['an id', { id: 'a'.repeat(21) }],
    ['who has created it', { createdBy: 'somebody' }],
    ['when it was created', { createdAt: 0 }],
    ['a user', { userId: 'alice' }],
    ['no client', { clientId: undefined }],
    ['a client with a line break', { clientId: 'a\nb' }],
    ['a client that is an object', { clientId: { $ne: '' } }],
    ['a target with a slash', { target: '../google' }],
    ['Logto for a target', { target: 'logto' }],
    ['a purpose with a space', { purpose: 'any thing' }],
    ['a purpose that is a pattern', { purpose: '*' }],
    ['an end that is past', { expiresAt: 1 }],
    ['an end that is a text', { expiresAt: '2099-01-01' }],
    ['an end beyond numbers', { expiresAt: 1e300 }],
    ['an empty scope', { scope: '' }],
    ['a scope in quotes', { scope: '"openid"' }],
  ])('are not given with %s (MA-10)', async (_, changes) => {
    expect(verdictOf(await create(changes))).toBe('400 guard.invalid_input');
    expect(await listed()).toEqual([]);
  });

  it('are not given by a body that reaches for the prototype (MA-10)', async () => {
    const body = `{"__proto__":{"isAdmin":true},${JSON.stringify(GRANT).slice(1)}`;
    const { status } = await stage.as(await stage.tokens.machine('all'), 'POST', 'token-grants', body);
    expect(status).toBe(400);
  });

  it('are for whoever manages alone (MA-03)', async () => {
    const { body } = await create();
    for (const token of [await stage.tokens.machine('tokens:read'), await stage.tokens.api('alice')])
      for (const [method, path, sent] of [
        ['GET', 'token-grants'],
        ['POST', 'token-grants', { ...GRANT, purpose: 'other' }],
        ['DELETE', `token-grants/${String(body['id'])}`],
      ] as const)
        expect(verdictOf(await stage.as(token, method, path, sent))).toBe('403 auth.forbidden');
    expect(await listed()).toHaveLength(1);
  });
});
