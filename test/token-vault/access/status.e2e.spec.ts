import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../../src/index.js';
import { StoredSecret } from '../../../src/token-vault/stored-secret.entity.js';
import { verdictOf } from '../../connectors/management/stage.js';
import { environments } from '../../support/backend.js';
import type { Browser } from '../../support/browser.js';
import { AccessStage } from './stage.js';

const ABSENT = { status: 404, body: { code: 'entity.not_found', message: 'The resource does not exist.' } };

describe.each(environments)('the status of token sets on $platform with $database', (environment) => {
  let stage: AccessStage;
  let zoe: { browser: Browser; id: string };
  let row: StoredSecret;

  beforeAll(async () => {
    stage = await AccessStage.open(environment);
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    zoe = await stage.person('zoe');
    row = await stage.backend.dataSource.manager.findOneByOrFail(StoredSecret, { userId: zoe.id });
  });

  const own = (browser: Browser, method = 'GET', path = '') =>
    browser.json(`${stage.backend.url}/api/my-account/token-sets${path}`, {
      method,
      headers: { origin: stage.backend.url },
    });
  const users = (path: string) => stage.manage('GET', `users/${zoe.id}/${path}`);
  const rows = () => stage.backend.dataSource.manager.countBy(StoredSecret, { id: row.id });

  it('is shown to administrators in Logto’s form, with ours beside, when it is asked for', async () => {
    const { status, body } = await users('identities/google?includeTokenSecret=true');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['identity', 'tokenSecret']);
    expect(body['tokenSecret']).toEqual({
      id: row.id,
      userId: zoe.id,
      type: 'federated_token_set',
      connectorId: 'google',
      target: 'google',
      identityId: row.subject,
      metadata: {
        scope: row.scope,
        expiresAt: row.expiresAt,
        tokenType: 'Bearer',
        hasRefreshToken: true,
        status: 'active',
        reason: null,
        refreshTokenExpiresAt: null,
        firstStoredAt: row.firstStoredAt,
        lastRefreshedAt: null,
        lastUsedAt: row.lastUsedAt,
      },
      createdAt: row.firstStoredAt * 1000,
      updatedAt: row.obtainedAt * 1000,
    });
    const all = (await users('all-identities?includeTokenSecret=true')).body;
    expect(all).toMatchObject({ socialIdentities: [{ target: 'google', tokenSecret: body['tokenSecret'] }] });
  });

  it.each(['', '?includeTokenSecret=', '?includeTokenSecret=false', '?includeTokenSecret=0'])(
    'is left out by %j',
    async (query) => {
      expect((await users(`identities/google${query}`)).body).not.toHaveProperty('tokenSecret');
      expect((await users(`all-identities${query}`)).text).not.toContain('tokenSecret');
    },
  );

  it('is shown to its owner, with the address of a renewal where one is needed', async () => {
    const { status, headers, body } = await own(zoe.browser);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const [set] = body['token_sets'] as Record<string, unknown>[];
    expect(set).toMatchObject({
      id: row.id,
      target: 'google',
      connector_id: 'google',
      status: 'active',
      scope: row.scope,
      expires_at: row.expiresAt,
      has_refresh_token: true,
      first_stored_at: row.firstStoredAt,
    });
    expect(set).not.toHaveProperty('authorization_url');

    stage.sandbox.revokeGoogleGrants('zoe');
    stage.sandbox.advance(3600);
    await zoe.browser.json(`${stage.backend.url}/api/my-account/identities/google/access-token`);
    expect((await own(zoe.browser)).body).toMatchObject({
      token_sets: [
        {
          status: 'reauthorization_required',
          reason: 'grant_invalid',
          authorization_url: `${stage.backend.url}/auth/social/google/reauthorize`,
        },
      ],
    });
    expect((await users('identities/google?includeTokenSecret=true')).body).toMatchObject({
      tokenSecret: { metadata: { status: 'reauthorization_required', reason: 'grant_invalid' } },
    });
  });

  it('never holds a token or a sealed column', async () => {
    const { access_token: token } = (
      await zoe.browser.json(`${stage.backend.url}/api/my-account/identities/google/access-token`)
    ).body;
    const answers = [
      (await users('identities/google?includeTokenSecret=true')).text,
      (await users('all-identities?includeTokenSecret=true')).text,
      JSON.stringify((await own(zoe.browser)).body),
    ];
    const { wrappedKey, ciphertext } = row.sealed;
    for (const canary of [String(token), wrappedKey, ciphertext])
      expect(answers.filter((answer) => answer.includes(canary))).toEqual([]);
  });

  it('ends by its id: the grant is ended at Google, the account stays, and who did it is written down', async () => {
    const answer = await stage.manage('DELETE', `secrets/${row.id}`);
    expect([answer.status, answer.headers.get('latchkey-revocation')]).toEqual([204, 'revoked']);
    expect(await rows()).toBe(0);
    expect((await users('identities/google?includeTokenSecret=true')).body).toHaveProperty('identity');
    const entry = await stage.backend.dataSource.manager.findOneByOrFail(AuditEntry, {
      event: 'secret.deleted',
      secretId: row.id,
    });
    expect(entry).toMatchObject({
      actorId: 'client:latchkey-sandbox-machine',
      userId: zoe.id,
      target: 'google',
    });
    expect(await stage.manage('DELETE', `secrets/${row.id}`)).toMatchObject(ABSENT);
  });

  it.each(['nope', 'a'.repeat(21), '%00', "'%20OR%201=1"])('is absent by the id %s', async (id) => {
    expect(await stage.manage('DELETE', `secrets/${id}`)).toMatchObject(ABSENT);
    expect(await own(zoe.browser, 'DELETE', `/${id}`)).toMatchObject(ABSENT);
    expect(await rows()).toBe(1);
  });

  it('is ended by its owner, and the next sign-in brings another', async () => {
    const answer = await own(zoe.browser, 'DELETE', `/${row.id}`);
    expect([answer.status, answer.headers.get('latchkey-revocation')]).toEqual([204, 'revoked']);
    expect((await own(zoe.browser)).body).toEqual({ token_sets: [] });
    expect((await own((await stage.person('zoe')).browser)).body).toMatchObject({ token_sets: [{}] });
  });

  it('is ended by its owner a while after their sign-in only', async () => {
    stage.sandbox.advance(11 * 60);
    expect(await own(zoe.browser, 'DELETE', `/${row.id}`)).toMatchObject({
      status: 403,
      body: { code: 'auth.recent_authentication_required' },
    });
    expect(await rows()).toBe(1);
  });

  it('is nobody else’s to see or to end (MA-04)', async () => {
    const { browser } = await stage.person('bob');
    expect(JSON.stringify((await own(browser)).body)).not.toContain(row.id);
    expect(await own(browser, 'DELETE', `/${row.id}`)).toMatchObject(ABSENT);
    expect(await rows()).toBe(1);
  });

  it('is for no access token without the scope identities (MA-05)', async () => {
    const token = await stage.tokens.api('zoe');
    for (const path of ['token-sets', 'token-reads', 'identities/google/access-token'])
      expect(verdictOf(await stage.as(token, 'GET', `my-account/${path}`))).toBe('403 auth.forbidden');
    expect(verdictOf(await stage.as(token, 'DELETE', `my-account/token-sets/${row.id}`))).toBe(
      '403 auth.forbidden',
    );
  });

  it('is managed by nobody who may not manage (MA-03)', async () => {
    for (const token of [await stage.tokens.machine('tokens:read'), await stage.tokens.api('zoe')])
      for (const [method, path] of [
        ['DELETE', `secrets/${row.id}`],
        ['GET', `users/${zoe.id}/identities/google?includeTokenSecret=true`],
        ['GET', `users/${zoe.id}/all-identities?includeTokenSecret=true`],
      ] as const)
        expect(verdictOf(await stage.as(token, method, path))).toBe('403 auth.forbidden');
    expect(await rows()).toBe(1);
  });
});
