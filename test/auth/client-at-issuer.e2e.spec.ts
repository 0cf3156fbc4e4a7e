import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { platforms, startBackend } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { CLIENT } from '../support/hostile-issuer.js';
import type { Endpoint } from '../support/hostile-issuer-endpoints.js';
import { freePort } from '../support/ports.js';
import { signInThroughLogto, startSandboxed } from '../support/sandboxed.js';
import { GOOGLE, LOGTO, Stage, type Door, type StageOptions } from './stage.js';

const endpoints: Endpoint[] = ['jwks', 'authorization', 'token', 'userinfo', 'revocation', 'endSession'];

describe.each(platforms)('the client at an issuer on %s', (platform) => {
  async function onStage(options: StageOptions, play: (stage: Stage) => Promise<void>): Promise<void> {
    const stage = await Stage.open(platform, 'ES384', options);
    try {
      await play(stage);
    } finally {
      await stage.close();
    }
  }

  async function scopeAt(stage: Stage, door: Door): Promise<string | null> {
    const { headers } = await new Browser().request(stage.backend.url + door.start);
    return new URL(headers.get('location') ?? '').searchParams.get('scope');
  }

  it.each<[string, StageOptions, { logto: string; google: string }]>([
    [
      'the least that is needed',
      {},
      { logto: 'openid offline_access profile email', google: 'openid profile email' },
    ],
    [
      'what is configured',
      { logto: { scopes: ['roles', 'profile', 'roles'] }, google: { scope: 'openid  email' } },
      { logto: 'openid offline_access profile roles', google: 'openid email' },
    ],
    [
      'nothing further where nothing is configured',
      { logto: { scopes: [] } },
      { logto: 'openid offline_access profile', google: 'openid profile email' },
    ],
  ])('asks for the scope that is %s, and no more (AR-15)', async (_, options, expected) => {
    await onStage(options, async (stage) => {
      const [logto, google] = [await scopeAt(stage, LOGTO), await scopeAt(stage, GOOGLE)];
      expect({ logto, google }).toEqual(expected);
    });
  });

  it('finds every endpoint where the metadata of this very issuer says (ID-41, ID-42)', async () => {
    const paths = Object.fromEntries(endpoints.map((name) => [name, `/${randomUUID()}`]));
    await onStage({ issuer: { paths } }, async (stage) => {
      const { browser } = await stage.accepts(LOGTO);
      const { html } = await browser.open(`${stage.backend.url}/`);
      const proof = /name="csrf_token" value="([^"]+)"/.exec(html)?.[1] ?? '';
      const body = new URLSearchParams({ csrf_token: proof });
      await browser.open(`${stage.backend.url}/auth/sign-out`, { method: 'POST', body });
      const asked = stage.issuer(LOGTO).requests.map(({ endpoint, path }) => [endpoint, path]);
      expect(asked).toEqual([
        ['discovery', '/oidc/.well-known/openid-configuration'],
        ...(['authorization', 'token', 'jwks', 'userinfo', 'revocation', 'endSession'] as const).map(
          (name) => [name, `/oidc${paths[name]}`],
        ),
      ]);
    });
  });

  it('proves itself by Basic with id and secret form-encoded, and by nothing else (ID-50)', async () => {
    await onStage({}, async (stage) => {
      await stage.accepts(LOGTO);
      const [{ headers, form }] = stage.issuer(LOGTO).requestsTo('token') as [never];
      const { authorization } = headers as { authorization: string };
      const [id, secret, ...more] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
        .toString()
        .split(':');
      expect(more).toEqual([]);
      for (const [encoded = '', plain] of [
        [id, CLIENT.id],
        [secret, CLIENT.secret],
      ] as const) {
        expect(encoded).toMatch(/^[\w.*+%-]+$/);
        expect(new URLSearchParams(`x=${encoded}`).get('x')).toBe(plain);
      }
      const sent = form as URLSearchParams;
      expect([sent.has('client_id'), sent.has('client_secret')]).toEqual([false, false]);
    });
  });

  it.each([
    ['colons, percents, pluses and spaces', 'a:b%20c+d e', 'x:y%25 z+%+ :&=?/#'],
    ['what else a form must encode', `it's(a)*client!~`, `"<>\\^\`{|}~'()*!-._`],
  ])(
    'is recognised by another implementation with %s in its credentials (ID-50)',
    async (_, appId, appSecret) => {
      const port = await freePort();
      const applicationUrl = `http://localhost:${port}`;
      const redirectUris = [`${applicationUrl}/auth/callback`];
      const clients = [{ clientId: appId, clientSecret: appSecret, redirectUris }];
      const sandbox = await startSandbox({ port: 0, applicationUrl, clients });
      const logto = { endpoint: sandbox.url, appId, appSecret };
      const backend = await startBackend({ platform, port, settings: { logto } });
      try {
        const browser = new Browser();
        await signInThroughLogto(browser, backend);
        expect((await browser.json(`${backend.url}/api/me`)).status).toBe(200);
      } finally {
        await backend.close();
        await sandbox.close();
      }
    },
  );

  it('holds the verifier that the issuer insists on: with another one there is no session (CB-20)', async () => {
    const { backend, sandbox, close } = await startSandboxed({ platform });
    try {
      const [good, bad] = [new Browser(), new Browser()];
      await signInThroughLogto(good, backend);
      expect((await good.json(`${backend.url}/api/me`)).status).toBe(200);

      const page = await bad.open(`${backend.url}/auth/sign-in`);
      await backend.dataSource.query(`UPDATE latchkey_transactions SET code_verifier = '${'v'.repeat(43)}'`);
      sandbox.clearRequests();
      const refused = await page.press('persona', 'alice');
      expect(sandbox.requests()).toMatchObject({ 'POST /oidc/token authorization_code': 1 });
      expect(refused.status).toBe(400);
      expect(refused.html).toContain('connector.social_auth_code_invalid');
      expect((await bad.json(`${backend.url}/api/me`)).status).toBe(401);
      const [{ n }] = await backend.dataSource.query<[{ n: number }]>(
        'SELECT count(*) AS n FROM latchkey_sessions',
      );
      expect(Number(n)).toBe(1);
    } finally {
      await close();
    }
  });
});
