import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { UsersService, VaultHttpService } from '../../src/index.js';
import { Rotation } from '../../src/sealing/rotation/rotation.js';
import { TEST_VAULT_KEYS } from '../support/backend.js';
import { databaseKinds } from '../support/databases.js';
import { READING, REPORTS } from './access/stage.js';
import { findCanaries, formsOf } from './canaries/search.js';
import { CanaryStage } from './canaries/stage.js';
import type { TappedBrowser } from './canaries/taps.js';

const PROVIDERS = ['google', 'github', 'github-app', 'facebook', 'x'];
const PATIENCE_MILLISECONDS = 20_000;
const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;

const NEW_KEY = `next:${Buffer.from('another key that only tests hold').toString('base64')}`;

describe.each(databaseKinds)('the tokens that providers hand out, on %s', (kind) => {
  let stage: CanaryStage;
  let browser: TappedBrowser;
  let userId: string;

  beforeAll(async () => {
    stage = await CanaryStage.open(kind);
  });

  afterAll(async () => {
    await stage.stop();
    await stage.close();
  });

  const canaries = (): Set<string> => new Set([...stage.heard.tokens.values()].flatMap((some) => [...some]));
  const token = (provider: string): string => [...(stage.heard.tokens.get(provider) ?? [])].at(-1) ?? '';
  const readAll = async () => Promise.all(PROVIDERS.map((target) => stage.read(userId, target)));

  it('are handed out in every flow', async () => {
    browser = await stage.signIn('/auth/sign-in', 'alice');
    userId = String((await browser.json(`${stage.url}/api/me`)).body['id']);
    for (const target of [...PROVIDERS, 'wecom']) await stage.link(target, 'alice', browser);
    for (const target of PROVIDERS) {
      const path = `/api/my-account/identities/${target}/access-token`;
      expect([target, (await browser.json(`${stage.url}${path}`)).status]).toEqual([target, 200]);
    }
    await browser.open(`${stage.url}/`);
    await browser.json(`${stage.url}/api/my-account/identities/google/access-token?scope=all`);
    for (const path of ['token-sets', 'token-reads', '', 'sessions'])
      await browser.json(`${stage.url}/api/my-account/${path}`);
    stage.advance(9 * HOUR_SECONDS);
    expect(await readAll()).toEqual(PROVIDERS.map(() => 'read'));
    stage.advance(31 * DAY_SECONDS);
    expect(await readAll()).toEqual(PROVIDERS.map(() => 'read'));
  });

  it('are read by programs, and sent to APIs that take them and that do not', async () => {
    await stage.manage('POST', 'token-grants', { clientId: REPORTS.clientId, target: 'x', ...PURPOSE });
    for (const target of ['x', 'google'])
      await stage.as(
        stage.tokensOfLogto.machine('tokens:read', REPORTS),
        'POST',
        `users/${userId}/identities/${target}/access-token`,
        READING,
      );
    await stage.manage('GET', `users/${userId}/all-identities?includeTokenSecret=true`);
    const { fetch } = stage.get(VaultHttpService);
    const path = `${stage.sandbox.x.apiEndpoint}/2/users/me`;
    const access = { userId, target: 'x' };
    expect((await fetch(access, path)).status).toBe(200);
    stage.sandbox.fail({ path: '/x/api/2/users/me', status: 401, body: token('x'), times: 2 });
    expect((await fetch(access, path)).status).toBe(401);
    stage.sandbox.fail({ path: '/x/api/2/users/me', dropConnection: true, times: 1 });
    await fetch(access, path).catch((error: unknown) => stage.errors.push(JSON.stringify(error)));
  });

  it('are renewed at providers that fail, and that repeat them in what they say', async () => {
    const paths = [
      '/google/token',
      '/github/login/oauth/access_token',
      '/github/api/applications/Ov23liLatchkeySandbox/token',
      '/facebook/graph/v24.0/oauth/access_token',
      '/x/api/2/oauth2/token',
    ];
    for (const [status, error] of [
      [500, 'server_error'],
      [400, 'invalid_request'],
      [400, 'invalid_grant'],
    ] as const) {
      for (const path of paths) {
        const error_description = `${token(path.split('/')[1] ?? '')} is of no use`;
        const body = JSON.stringify({ error, error_description });
        stage.sandbox.fail({ path, status, body, contentType: 'application/json' });
      }
      stage.advance(61 * DAY_SECONDS);
      const outcomes = await readAll();
      expect(outcomes.filter((outcome) => outcome === 'read')).toHaveLength(1);
      stage.sandbox.clearFaults();
    }
  });

  it('are taken back by notices of providers, and by leaving while a provider is away', async () => {
    for (const target of PROVIDERS) await stage.signIn(`/auth/social/${target}`, 'alice', browser);
    const unanswered = { status: 503, body: token('x') };
    stage.sandbox.fail({ path: '/x/api/2/oauth2/revoke', ...unanswered });
    const left = await browser.json(`${stage.url}/api/my-account/identities/x`, {
      method: 'DELETE',
      headers: { origin: stage.url },
    });
    expect([left.status, left.headers.get('latchkey-revocation')]).toEqual([204, 'pending']);
    const personaId = 'alice';
    await stage.sandbox.notify({ provider: 'github', personaId });
    await stage.sandbox.notify({ provider: 'google', event: 'tokens-revoked', personaId });
    await stage.sandbox.notify({ provider: 'facebook', event: 'deauthorize', personaId });
    await readAll();
    await stage.sandbox.notify({ provider: 'facebook', event: 'data-deletion', personaId });
  });

  it('are sealed anew under another key, and destroyed with their user', async () => {
    await stage.signIn('/auth/social/google', 'bob');
    await stage.stop();
    await stage.start(`${NEW_KEY},${TEST_VAULT_KEYS}`);
    expect(await stage.get(Rotation).run()).toBe(true);
    const bob = await stage.signIn('/auth/social/google', 'bob');
    const id = String((await bob.json(`${stage.url}/api/me`)).body['id']);
    expect(await stage.read(id, 'google')).toBe('read');
    await stage.get(UsersService).remove(id);
    await bob.open(`${stage.url}/`);
  });

  it('come from every provider', async () => {
    const counts = ['google', 'github', 'facebook', 'x', 'wecom', 'oidc'].map((provider) => [
      provider,
      stage.heard.tokens.get(provider)?.size ?? 0,
    ]);
    expect(counts.filter(([, count]) => Number(count) === 0)).toEqual([]);
    expect(Math.min(...[...canaries()].map(({ length }) => length))).toBeGreaterThanOrEqual(24);
    for (
      let waited = 0;
      stage.deliveries() <= PROVIDERS.length && waited < PATIENCE_MILLISECONDS;
      waited += 20
    )
      await pause(20);
    expect(stage.deliveries()).toBeGreaterThan(PROVIDERS.length);
  });

  it('stand nowhere, in no form: F7 (LG-01, VC-01)', async () => {
    const sinks = await stage.sinks();
    expect(sinks.filter(({ content }) => content.length < 100).map(({ name }) => name)).toEqual([]);
    expect(findCanaries(sinks, canaries())).toEqual([]);
  });

  it.each(['plain', 'url-encoded', 'base64', 'base64url', 'hex'])(
    'would be found in the database and in the log, as %s within something longer',
    async (form) => {
      const canary = `a token:${form}:+/${Math.random()}:${Math.random()}`;
      for (const before of ['', '{', '{"']) {
        const long = `${before}${canary}"}`;
        const [written = ''] = formsOf(form.startsWith('base64') || form === 'hex' ? '' : canary)[form] ?? [];
        const text = written || Buffer.from(long).toString(form as BufferEncoding);
        new Logger('a test').debug(`a line with ${text} in it`);
        await stage.manage('POST', 'hooks', {
          name: text.slice(0, 256),
          events: ['User.Deleted'],
          config: { url: 'https://hooks.example.com/' },
        });
        const found = findCanaries(await stage.sinks(), [canary]);
        expect([...new Set(found.map(({ sink }) => sink))]).toEqual(
          expect.arrayContaining(['database', 'logs']),
        );
      }
    },
  );
});

const PURPOSE = { purpose: READING.purpose };
