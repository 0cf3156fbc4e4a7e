import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/audit/audit-entry.entity.js';
import { Browser } from '../../support/browser.js';
import { environments } from '../../support/backend.js';
import { NotificationStage } from './stage.js';

const REVOKED = { code: 'reauthorization_required', data: { reason: 'revoked_by_provider' } };

describe.each(environments)('what Facebook tells on $platform and $database', (environment) => {
  let stage: NotificationStage;

  beforeAll(async () => {
    stage = await NotificationStage.open(environment);
  });
  afterAll(() => stage.close());

  const send = (path: string, signedRequest: string) =>
    stage.post(path, { body: new URLSearchParams({ signed_request: signedRequest }) });

  it('ends the tokens of whoever removes the app, and nobody else’s (WH-05)', async () => {
    const [alice, bob] = [await stage.signIn('facebook', 'alice'), await stage.signIn('facebook', 'bob')];
    const notice = { provider: 'facebook', event: 'deauthorize', personaId: 'alice' } as const;
    expect(await stage.sandbox.notify(notice)).toMatchObject({ status: 200 });
    expect(await stage.read(alice, 'facebook')).toMatchObject({ status: 409, body: REVOKED });
    expect((await stage.read(bob, 'facebook')).status).toBe(200);
    const [summary] = await stage.summaries(await stage.idOf(alice));
    expect(summary).toMatchObject({ status: 'revoked', reason: 'revoked_by_provider' });
    expect(await stage.audit()).toContain('provider.grant_revoked');
  });

  it('lets the person connect again, and a request that comes again does not undo that', async () => {
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'alice' });
    expect((await send('facebook/deauthorize', request)).status).toBe(200);
    const alice = await stage.signIn('facebook', 'alice');
    expect((await stage.read(alice, 'facebook')).status).toBe(200);
    expect((await send('facebook/deauthorize', request)).status).toBe(200);
    expect((await stage.read(alice, 'facebook')).status).toBe(200);
  });

  it('deletes what is known of an account, answers with a status page, and with the same for the same request (WH-01)', async () => {
    const zoe = await stage.signIn('facebook', 'zoe');
    const [users, identities, secrets] = await stage.counts();
    const userId = await stage.idOf(zoe);
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'zoe' });
    const { status, body } = await send('facebook/data-deletion', request);
    expect(status).toBe(200);
    const deleted = { event: 'secret.deleted', userId, target: 'facebook' };
    expect(await stage.backend.dataSource.getRepository(AuditEntry).countBy(deleted)).toBe(1);
    expect(Object.keys(body)).toEqual(['url', 'confirmation_code']);
    expect(body['confirmation_code']).toMatch(/^[\da-z]{20,64}$/);
    expect((await stage.counts()).slice(0, 3)).toEqual([users - 1, identities - 1, secrets - 1]);
    expect((await stage.me(zoe)).status).toBe(401);
    const page = await new Browser().open(String(body['url']));
    expect([page.status, page.html]).toEqual([
      200,
      expect.stringContaining(String(body['confirmation_code'])),
    ]);
    expect(page.html).toContain('deleted');
    const program = await new Browser().json(String(body['url']));
    expect(program.body).toMatchObject({ confirmation_code: body['confirmation_code'], status: 'completed' });
    expect((await send('facebook/data-deletion', request)).body).toEqual(body);
  });

  it('leaves a user with another account, without what Facebook said of them (WH-01)', async () => {
    const noor = await stage.signIn('facebook', 'noor');
    await stage.link('github', 'noor', noor);
    const id = await stage.idOf(noor);
    expect((await stage.me(noor)).body['name']).toBe('Noor');
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'noor' });
    expect((await send('facebook/data-deletion', request)).status).toBe(200);
    expect((await stage.me(noor)).status).toBe(401);
    const again = await stage.signIn('github', 'noor');
    const me = await stage.me(again);
    expect([me.body['id'], me.body['name'] ?? null, me.body['avatar'] ?? null]).toEqual([id, null, null]);
    expect((await stage.summaries(id)).map(({ target }) => target)).toEqual(['github']);
  });

  it('answers alike for an account that nobody knows (WH-06)', async () => {
    const before = (await stage.counts()).slice(0, 3);
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'uma' });
    const { status, body } = await send('facebook/data-deletion', request);
    expect([status, Object.keys(body)]).toEqual([200, ['url', 'confirmation_code']]);
    expect((await new Browser().open(String(body['url']))).html).toContain('Your data is deleted');
    expect((await send('facebook/deauthorize', request)).status).toBe(200);
    expect((await stage.counts()).slice(0, 3)).toEqual(before);
    expect((await new Browser().json(`${String(body['url'])}0`)).status).toBe(404);
  });

  it('is not what Facebook’s script hands to a person’s browser, which is signed alike (WH-02)', async () => {
    const bob = await stage.signIn('facebook', 'bob');
    const before = (await stage.counts()).slice(0, 3);
    for (const held of [{ code: '2.AQDC1d' }, { oauth_token: 'EAAB' }, { code: null }])
      for (const path of ['facebook/deauthorize', 'facebook/data-deletion']) {
        const request = stage.sandbox.facebookSignedRequest({ personaId: 'bob', payload: held });
        expect((await send(path, request)).status).toBe(400);
      }
    expect((await stage.counts()).slice(0, 3)).toEqual(before);
    expect((await stage.read(bob, 'facebook')).status).toBe(200);
  });

  it('is the same request however it is written: one effect, one confirmation code', async () => {
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'uma' });
    const [signature, payload] = request.split('.') as [string, string];
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(signature.at(-1) ?? '');
    const others = [1, 2, 3].map((bits) => `${signature.slice(0, -1)}${alphabet[last + bits]}.${payload}`);
    expect((await send('facebook/deauthorize', request)).status).toBe(200);
    const uma = await stage.signIn('facebook', 'uma');
    for (const other of [...others, `${signature}=.${payload}`])
      expect((await send('facebook/deauthorize', other)).status).toBe(200);
    expect((await stage.read(uma, 'facebook')).status).toBe(200);
    const codes = new Set<unknown>();
    for (const [index, one] of [request, ...others].entries()) {
      const body = new URLSearchParams({ signed_request: one, index: String(index) });
      codes.add((await stage.post('facebook/data-deletion', { body })).body['confirmation_code']);
    }
    expect(codes.size).toBe(1);
  });

  it('ends nothing that was granted after it, if it comes late', async () => {
    const bob = await stage.signIn('facebook', 'bob');
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'bob' });
    stage.sandbox.advance(3600);
    await stage.signIn('facebook', 'bob', bob);
    expect((await send('facebook/deauthorize', request)).status).toBe(200);
    expect((await stage.read(bob, 'facebook')).status).toBe(200);
  });

  it.each(['%00', 'facebook%00', 'nobody', 'google'])('shows no status at %s', async (id) => {
    const request = stage.sandbox.facebookSignedRequest({ personaId: 'uma' });
    const code = String((await send('facebook/data-deletion', request)).body['confirmation_code']);
    const { status } = await fetch(`${stage.backend.url}/notifications/${id}/data-deletion/${code}`);
    expect(status).toBe(404);
  });

  it.each([
    ['another secret', { secret: 'made up' }, 403],
    ['another algorithm', { payload: { algorithm: 'none' } }, 400],
    ['a request of long ago', { payload: { issued_at: 1_600_000_000 } }, 400],
    ['a request of tomorrow', { payload: { issued_at: 4_000_000_000 } }, 400],
    ['no user', { payload: { user_id: undefined } }, 400],
    ['a user who is no number', { payload: { user_id: { $ne: null } } }, 400],
  ])('removes nothing for %s (WH-02)', async (_, options, expected) => {
    const bob = await stage.signIn('facebook', 'bob');
    const before = (await stage.counts()).slice(0, 3);
    for (const path of ['facebook/deauthorize', 'facebook/data-deletion']) {
      const request = stage.sandbox.facebookSignedRequest({ personaId: 'bob', ...options });
      expect((await send(path, request)).status).toBe(expected);
    }
    expect((await stage.counts()).slice(0, 3)).toEqual(before);
    expect((await stage.read(bob, 'facebook')).status).toBe(200);
  });

  it('refuses garbage of every kind with 4xx (WH-02)', async () => {
    const good = stage.sandbox.facebookSignedRequest({ personaId: 'bob' });
    const [signature, payload] = good.split('.') as [string, string];
    const texts = [
      '',
      '.',
      'a.b',
      `${signature}.`,
      `.${payload}`,
      `${signature}.${payload}x`,
      `${payload}.${signature}`,
      `${signature.slice(0, -2)}.${payload}`,
      `${'\0'}.${payload}`,
      'x'.repeat(5000),
    ];
    for (const text of texts)
      for (const path of ['facebook/deauthorize', 'facebook/data-deletion'])
        expect([400, 403]).toContain((await send(path, text)).status);
    const odd: RequestInit[] = [
      { body: '{"signed_request": 1', headers: { 'content-type': 'application/json' } },
      { body: '[]', headers: { 'content-type': 'application/json' } },
      { body: 'signed_request=%', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { body: good, headers: { 'content-type': 'application/octet-stream' } },
      { body: 'x'.repeat(200_000), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      {},
    ];
    for (const init of odd) {
      const { status } = await stage.post('facebook/deauthorize', init);
      expect([status >= 400, status < 500]).toEqual([true, true]);
    }
    expect((await send('facebook', good)).status).toBe(404);
    expect((await send('x/deauthorize', good)).status).toBe(404);
    expect((await send('nobody/deauthorize', good)).status).toBe(404);
  });
});
