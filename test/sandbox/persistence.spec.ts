import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as client from 'openid-client';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';
import { freePort } from '../support/ports.js';
import { Browser } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';
import { basic, goThrough, newPkce, withParameters } from './visiting.js';

let folder: string;
let statePath: string;
let running: Sandbox | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'));
  statePath = join(folder, 'nested', 'sandbox.json');
});
afterEach(async () => {
  await running?.close();
  await rm(folder, { recursive: true });
});

/** Starts the sandbox, again on the port that it had: one that the system gives to nobody else meanwhile. */
async function start(port?: number, options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  running = await startSandbox({ port: port ?? (await freePort()), applicationUrl, statePath, ...options });
  return running;
}

async function restart(sandbox: Sandbox): Promise<Sandbox> {
  await sandbox.close();
  const started = await start(Number(new URL(sandbox.url).port));
  await noticeClosedConnection(started.url);
  return started;
}

/** fetch keeps connections and finds out only by using one that its other end is gone. */
const noticeClosedConnection = (url: string) => fetch(url).catch(() => undefined);

describe('a restart', () => {
  it('keeps Google’s key, tokens and consents', async () => {
    const before = await start();
    const google = await RelyingParty.ofGoogle(before);
    const tokens = await google.signIn('alice', { access_type: 'offline' });
    const keys = await (await fetch(`${before.google.issuer}/oauth2/v3/certs`)).json();
    const after = await restart(before);
    expect(await (await fetch(`${after.google.issuer}/oauth2/v3/certs`)).json()).toEqual(keys);
    expect(
      (await client.refreshTokenGrant(google.configuration, tokens.refresh_token ?? '')).access_token,
    ).toBeTruthy();
    expect((await google.signIn('alice', { access_type: 'offline' })).refresh_token).toBeUndefined();
  });

  it('keeps Logto’s key, grants and sessions', async () => {
    const before = await start();
    const logto = await RelyingParty.ofLogto(before);
    const authorization = await logto.begin();
    const tokens = await logto.redeem(await logto.authorize(authorization, 'alice'), authorization.checks);
    await restart(before);
    await client.refreshTokenGrant(logto.configuration, tokens.refresh_token ?? '');
    const silently = await logto.signIn('alice', { prompt: 'none' }, authorization.browser);
    expect(silently.claims()).toMatchObject({ sub: 'xw3jr9c2iw77' });
  });

  it('keeps Logto’s changed keys, its suspensions and what was consumed', async () => {
    const before = await start(undefined, { rotateRefreshTokens: 'always' });
    const logto = await RelyingParty.ofLogto(before);
    const { refresh_token: consumed } = await logto.signIn('alice');
    await logto.refresh(consumed);
    await before.rotateLogtoKeys();
    before.suspend('bob');
    const keys = await (await fetch(`${before.url}/oidc/jwks`)).json();
    const after = await restart(before);
    expect(await (await fetch(`${after.url}/oidc/jwks`)).json()).toEqual(keys);
    const callback = await logto.authorize(await logto.begin(), 'bob');
    expect(callback.searchParams.get('error')).toBe('access_denied');
    await expect(logto.refresh(consumed)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(after.reusedRefreshTokens()).toBe(1);
  });

  it('takes a file from before keys changed, people were suspended and providers were added', async () => {
    const before = await start();
    await before.close();
    const saved = JSON.parse(await readFile(statePath, 'utf8')) as { logto: Record<string, unknown> };
    delete saved.logto['suspendedPersonas'];
    for (const added of ['github', 'x']) delete (saved as Record<string, unknown>)[added];
    await writeFile(statePath, JSON.stringify(saved));
    const { url } = await start();
    const keys = (await (await fetch(`${url}/oidc/jwks`)).json()) as { keys: { kid: string }[] };
    expect(keys.keys.map(({ kid }) => kid)).toEqual([(saved.logto['key'] as { kid: string }).kid]);
  });

  it('keeps tokens of GitHub and X, and which of them were used', async () => {
    const before = await start();
    const [{ clientId, clientSecret }, { verifier, challenge }] = [before.x, newPkce()];
    const url = withParameters(`${before.x.endpoint}/i/oauth2/authorize`, {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `${applicationUrl}/callback/x`,
      scope: 'users.read offline.access',
      state: 'state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const ask = async (form: Record<string, string>) => {
      const headers = { authorization: basic(clientId, clientSecret) };
      const body = new URLSearchParams(form);
      const answer = await fetch(`${before.x.apiEndpoint}/2/oauth2/token`, { method: 'POST', headers, body });
      return (await answer.json()) as { refresh_token?: string; error?: string };
    };
    const code = (await goThrough(url, { persona: 'alice' })).searchParams.get('code') ?? '';
    const redemption = { code, redirect_uri: `${applicationUrl}/callback/x`, code_verifier: verifier };
    const { refresh_token: first = '' } = await ask({ grant_type: 'authorization_code', ...redemption });
    const { refresh_token: second = '' } = await ask({ grant_type: 'refresh_token', refresh_token: first });
    const github = withParameters(`${before.github.endpoint}/login/oauth/authorize`, {
      client_id: before.github.clientId,
      scope: 'gist',
    });
    await goThrough(github, { persona: 'alice' });
    const after = await restart(before);
    expect((await ask({ grant_type: 'refresh_token', refresh_token: second })).refresh_token).toBeTruthy();
    expect((await ask({ grant_type: 'refresh_token', refresh_token: first })).error).toBe('invalid_request');
    expect(after.reusedXRefreshTokens()).toBe(1);
    const page = await new Browser(after.url).get(github.href);
    expect((await new Browser(after.url).press(page, 'persona', 'alice')).body).not.toContain('name="allow"');
  });

  it('keeps a code spent that was spent before', async () => {
    const before = await start();
    const google = await RelyingParty.ofGoogle(before);
    const authorization = await google.begin();
    const callback = await google.authorize(authorization, 'alice');
    await google.redeem(callback, authorization.checks);
    await restart(before);
    await expect(google.redeem(callback, authorization.checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('forgets everything without a file', async () => {
    running = await startSandbox({ port: await freePort(), applicationUrl });
    const google = await RelyingParty.ofGoogle(running);
    const { refresh_token: refreshToken = '' } = await google.signIn('alice', { access_type: 'offline' });
    await running.close();
    running = await startSandbox({ port: Number(new URL(running.url).port), applicationUrl });
    await noticeClosedConnection(running.url);
    await expect(client.refreshTokenGrant(google.configuration, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('the state file', () => {
  it('is for its owner alone, and nothing is left beside it', async () => {
    await (await start()).close();
    expect((await stat(statePath)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'nested'))).toEqual(['sandbox.json']);
  });

  it.each(['not JSON', '{"version":2}', '[]'])(
    'is put aside with one sentence when it contains %s',
    async (content) => {
      await (await start()).close();
      await writeFile(statePath, content);
      const printed: unknown[] = [];
      const warn = jest.spyOn(console, 'warn').mockImplementation((line) => void printed.push(line));
      await (await start()).close();
      warn.mockRestore();
      expect(printed).toEqual([expect.stringContaining('put it aside')]);
      const aside = (await readdir(join(folder, 'nested'))).filter((name) => name.includes('.damaged-'));
      expect(await readFile(join(folder, 'nested', aside[0] ?? ''), 'utf8')).toBe(content);
    },
  );
});

describe('starting and stopping', () => {
  it('knows further clients at both providers', async () => {
    const redirectUris = ['https://client.example.test/callback'];
    const clients = [{ clientId: 'further', clientSecret: 'further-secret', redirectUris }];
    running = await startSandbox({ port: 0, applicationUrl, clients });
    const query = new URLSearchParams({
      client_id: 'further',
      redirect_uri: redirectUris[0] ?? '',
      response_type: 'code',
    });
    query.set('scope', 'openid');
    expect((await fetch(`${running.url}/google/o/oauth2/v2/auth?${query.toString()}`)).status).toBe(200);
    query.set('code_challenge', 'c'.repeat(43));
    query.set('code_challenge_method', 'S256');
    const answer = await fetch(`${running.url}/oidc/auth?${query.toString()}`, { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/sign-in?app_id=further');
  });

  it('keeps no port when its state cannot be kept', async () => {
    const { url } = await start();
    await running?.close();
    const port = Number(new URL(url).port);
    await writeFile(join(folder, 'file'), '');
    await expect(
      startSandbox({ port, applicationUrl, statePath: join(folder, 'file', 'state.json') }),
    ).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
    expect((await start(port)).url).toBe(url);
  });

  it('frees its port at once, and refuses one that is taken', async () => {
    const first = await start();
    await expect(
      startSandbox({ port: Number(new URL(first.url).port), applicationUrl }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    expect((await restart(first)).url).toBe(first.url);
  });
});
