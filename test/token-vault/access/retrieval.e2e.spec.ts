import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry, AuditLog } from '../../../src/index.js';
import { TokenGrant } from '../../../src/token-vault/access/token-grant.entity.js';
import { ask, verdictOf } from '../../connectors/management/stage.js';
import { API, MOBILE } from '../../guards/tokens.js';
import { RelyingParty } from '../../sandbox/relying-party.js';
import { environments } from '../../support/backend.js';
import type { Browser } from '../../support/browser.js';
import { AccessStage, READING, REPORTS, SUPPORT } from './stage.js';

const REFUSED = '403 vault.retrieval_not_granted';
const ABSENT = '404 secrets.third_party_token_set.token_not_found';
const FORBIDDEN = '403 auth.forbidden';

describe.each(environments)(
  "a program's read of a user's token on $platform with $database",
  (environment) => {
    let stage: AccessStage;
    let zoe: { browser: Browser; id: string };

    beforeAll(async () => {
      stage = await AccessStage.open(environment);
      zoe = await stage.person('zoe');
    });

    afterAll(() => stage.close());

    afterEach(() => stage.backend.dataSource.getRepository(TokenGrant).deleteAll());

    const verdict = async (...request: Parameters<AccessStage['retrieve']>) =>
      verdictOf(await stage.retrieve(...request));
    const entries = async () => {
      await stage.backend.get(AuditLog).flush();
      return stage.backend.dataSource.manager.find(AuditEntry, {
        where: { event: 'secret.read' },
        order: { id: 'ASC' },
      });
    };

    it('is answered by its grant with a token that works, in Logto’s form and not to be cached', async () => {
      await stage.grant();
      const { status, headers, body } = await stage.retrieve(zoe.id);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
      const authorization = `Bearer ${String(body['access_token'])}`;
      expect(
        (await ask(`${stage.sandbox.url}/google/v1/userinfo`, 'GET', undefined, { authorization })).status,
      ).toBe(200);
    });

    it('is written down with client, purpose and reason', async () => {
      await stage.grant();
      await stage.retrieve(zoe.id);
      expect((await entries()).at(-1)).toMatchObject({
        outcome: 'done',
        actorId: 'client:reports',
        clientId: 'reports',
        userId: zoe.id,
        target: 'google',
        purpose: READING.purpose,
        statedReason: READING.reason,
      });
    });

    it('is refused without a grant, and by the grant of another client, purpose or provider (MA-16)', async () => {
      expect(await verdict(zoe.id)).toBe(REFUSED);
      await stage.grant({ clientId: SUPPORT.clientId });
      await stage.grant({ purpose: 'newsletter' });
      await stage.grant({ target: 'github' });
      expect(await verdict(zoe.id)).toBe(REFUSED);
      expect(await verdict(zoe.id, {}, SUPPORT)).toBe('200');
    });

    it('is written down when it is refused', async () => {
      const before = (await entries()).length;
      await stage.retrieve(zoe.id);
      expect((await entries()).slice(before)).toMatchObject([
        {
          outcome: 'refused',
          reason: 'vault.retrieval_not_granted',
          clientId: 'reports',
          userId: zoe.id,
          statedReason: READING.reason,
        },
      ]);
    });

    it('tells nobody without a grant whether there is such a user (MA-04)', async () => {
      const [known, unknown] = [await stage.retrieve(zoe.id), await stage.retrieve('nobodyatall0')];
      expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
      await stage.grant();
      expect(await verdict('nobodyatall0')).toBe(ABSENT);
    });

    it('follows a grant that comes or goes behind this instance’s back at once (MA-17)', async () => {
      const grants = stage.backend.dataSource.getRepository(TokenGrant);
      const id = await stage.grant();
      const row = await grants.findOneByOrFail({ id });
      expect(await verdict(zoe.id)).toBe('200');
      await grants.delete({ id });
      expect(await verdict(zoe.id)).toBe(REFUSED);
      await grants.insert(row);
      expect(await verdict(zoe.id)).toBe('200');
    });

    it('is refused once the grant has expired', async () => {
      await stage.grant({ expiresAt: stage.backend.clock.now() + 60 });
      expect(await verdict(zoe.id)).toBe('200');
      stage.sandbox.advance(60);
      expect(await verdict(zoe.id)).toBe(REFUSED);
    });

    it('gets no token that reaches further than the grant, and may ask for nothing beyond it', async () => {
      const granted =
        'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile';
      const id = await stage.grant({ scope: 'openid' });
      expect(await verdict(zoe.id)).toBe(REFUSED);
      await stage.manage('DELETE', `token-grants/${id}`);
      await stage.grant({ scope: granted });
      expect(await verdict(zoe.id, { scope: 'openid' })).toBe('200');
      expect(await verdict(zoe.id, { scope: 'https://www.googleapis.com/auth/drive' })).toBe(REFUSED);
    });

    it('asks for scopes that have to be granted, as the user may', async () => {
      await stage.grant();
      expect(await verdict(zoe.id, { scope: 'openid' })).toBe('200');
      expect(await verdict(zoe.id, { scope: 'openid unheard-of' })).toBe('409 vault.scope_missing');
      expect(await verdict(zoe.id, { tokenSecretId: 'a'.repeat(21) })).toBe(ABSENT);
      expect(await verdict(zoe.id, { minTtl: 60 })).toBe('200');
    });

    it('needs the scope tokens:read, which managing everything does not bring along (MA-03)', async () => {
      await stage.grant();
      await stage.grant({ clientId: stage.sandbox.machine.clientId });
      const path = `users/${zoe.id}/identities/google/access-token`;
      for (const token of [await stage.tokens.machine(), await stage.tokens.machine('all')]) {
        const answer = await stage.as(token, 'POST', path, READING);
        expect(verdictOf(answer)).toBe(FORBIDDEN);
        expect(answer.headers.get('www-authenticate')).toBe(
          'Bearer error="insufficient_scope", scope="tokens:read"',
        );
      }
    });

    it('is for programs alone: for no person, by session or by access token (MA-03)', async () => {
      await stage.grant({ clientId: MOBILE.clientId });
      const path = `users/${zoe.id}/identities/google/access-token`;
      const { sandbox } = stage;
      const logto = { ...sandbox.logto, appId: MOBILE.clientId, appSecret: MOBILE.clientSecret };
      const mobile = await RelyingParty.ofLogto({ ...sandbox, logto });
      const { refresh_token } = await mobile.signInFor('zoe', 'tokens:read', [API]);
      const { access_token: token } = await mobile.refresh(refresh_token, { resource: API });
      expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).toContain('"tokens:read"');
      expect(verdictOf(await stage.as(token, 'POST', path, READING))).toBe(FORBIDDEN);
      const url = `${stage.backend.url}/api/${path}`;
      const cookie = `latchkey=${zoe.browser.cookie('localhost', 'latchkey')}`;
      expect(verdictOf(await ask(url, 'POST', READING, { cookie }))).toBe(
        '401 auth.authorization_header_missing',
      );
      expect(verdictOf(await ask(url, 'POST', READING))).toBe('401 auth.unauthorized');
    });

    it.each<[string, object]>([
      ['no purpose', { purpose: undefined }],
      ['a purpose in capitals', { purpose: 'Report' }],
      ['a purpose of 65 letters', { purpose: 'a'.repeat(65) }],
      ['no reason', { reason: undefined }],
      ['an empty reason', { reason: ' ' }],
      ['a reason that nobody can see', { reason: '\u200b\u2060' }],
      ['a reason of 257 letters', { reason: 'a'.repeat(257) }],
      ['a reason of two lines', { reason: 'one\ntwo' }],
      ['a reason that turns text around', { reason: 'fine \u202etxet' }],
      ['a reason that is no text', { reason: { toString: 'x' } }],
      ['a scope of nothing', { scope: '' }],
      ['a scope that is a list', { scope: ['openid'] }],
      ['a time to live that is no number', { minTtl: '60' }],
      ['a negative time to live', { minTtl: -1 }],
      ['the id of no token set', { tokenSecretId: "' OR 1=1 --" }],
      ['a client of its choice', { clientId: 'support' }],
      ['a user of its choice', { userId: 'somebody' }],
    ])('is refused for %s, without a look at users (MA-10)', async (_, changes) => {
      await stage.grant();
      expect(await verdict(zoe.id, changes as Record<string, unknown>)).toBe('400 guard.invalid_input');
    });

    it.each(['%00', 'a%00b', '%E2%80%AE'])('is refused for the user id %s', async (id) => {
      await stage.grant();
      expect(await verdict(id)).toBe('400 guard.invalid_input');
    });

    it('leaves no token in what is logged', async () => {
      await stage.grant();
      const { body } = await stage.retrieve(zoe.id);
      expect(stage.backend.logs.join('\n')).not.toContain(String(body['access_token']));
    });
  },
);

describe('what the user sees of reads', () => {
  let stage: AccessStage;

  beforeAll(async () => {
    stage = await AccessStage.open();
    await stage.grant();
  });

  afterAll(() => stage.close());

  const reads = async (browser: Browser, query = '') =>
    browser.json(`${stage.backend.url}/api/my-account/token-reads${query}`);

  it('are those of programs, with what they stated, those that were refused, and the user’s own', async () => {
    const { browser, id } = await stage.person('alice');
    await stage.retrieve(id);
    await stage.retrieve(id, { purpose: 'other' });
    await browser.json(`${stage.backend.url}/api/my-account/identities/google/access-token`);
    const { status, headers, body } = await reads(browser);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      token_reads: [
        { by: 'user', client_id: null, target: 'google', outcome: 'done', count: 1 },
        {
          by: 'client',
          client_id: REPORTS.clientId,
          purpose: 'other',
          outcome: 'refused',
          error: 'vault.retrieval_not_granted',
        },
        {
          by: 'client',
          client_id: REPORTS.clientId,
          purpose: READING.purpose,
          reason: READING.reason,
          outcome: 'done',
          error: null,
          time: expect.any(Number),
        },
      ],
    });
    expect(body['next']).toBeUndefined();
  });

  it('are their own alone (MA-04)', async () => {
    const { browser } = await stage.person('bob');
    expect((await reads(browser)).body).toEqual({ token_reads: [] });
  });

  it('come in pages that new reads do not shift', async () => {
    const { browser, id } = await stage.person('noor');
    for (const reason of ['first', 'second', 'third']) await stage.retrieve(id, { reason });
    const newest = await reads(browser, '?limit=2');
    await stage.retrieve(id, { reason: 'fourth' });
    const rest = await reads(browser, `?limit=2&before=${String(newest.body['next'])}`);
    const reasons = ({ body }: typeof rest) =>
      (body['token_reads'] as { reason: string }[]).map(({ reason }) => reason);
    expect([reasons(newest), reasons(rest)]).toEqual([['third', 'second'], ['first']]);
    expect(rest.body['next']).toBeUndefined();
  });

  it.each([
    '?limit=-1',
    '?limit=0',
    '?limit=101',
    '?limit=1e9',
    '?limit=ten',
    '?before=0',
    '?before=-5',
    '?before=1.5',
  ])('are not to be had by %s (MA-12)', async (query) => {
    const { browser } = await stage.person('bob');
    expect(await reads(browser, query)).toMatchObject({ status: 400, body: { code: 'guard.invalid_input' } });
  });

  it.each(['?sort=reason', '?before=1%3BDROP%20TABLE', '?userId=somebody'])(
    'are not sorted, searched or widened by %s (MA-10, MA-12)',
    async (query) => {
      const { browser } = await stage.person('bob');
      expect((await reads(browser, query)).status).toBe(400);
    },
  );
});
