import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

const API = 'https://api.example.test/';
const gone = { error: 'invalid_grant', status: 400 };

let sandbox: Sandbox;
let logto: RelyingParty;

async function start(options: Partial<SandboxOptions> = {}): Promise<void> {
  sandbox = await startSandbox({ port: 0, applicationUrl, ...options });
  logto = await RelyingParty.ofLogto(sandbox);
}
afterEach(() => sandbox.close());

const signIn = async (): Promise<string> => (await logto.signIn('alice')).refresh_token ?? '';

const outcomes = async (refreshes: Promise<client.TokenEndpointResponse>[]) => {
  const settled = await Promise.allSettled(refreshes);
  return {
    won: settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    lost: settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  };
};

describe('rotation of refresh tokens', () => {
  it('gives another one at every refresh when always wanted', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const tokens = [await signIn()];
    for (let round = 0; round < 3; round++) {
      tokens.push((await logto.refresh(tokens.at(-1))).refresh_token ?? '');
    }
    expect(new Set(tokens).size).toBe(4);
    expect(sandbox.reusedRefreshTokens()).toBe(0);
  });

  it('leaves a refresh token unspent that was refused for something else', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const token = await signIn();
    await expect(logto.refresh(token, { organization_id: '7t1hd84wpe6s' })).rejects.toMatchObject({
      error: 'insufficient_scope',
    });
    expect((await logto.refresh(token)).access_token).toBeTruthy();
  });

  it('keeps what the next token may ask for', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const { refresh_token: first } = await logto.signInFor('alice', 'read:documents', [API]);
    const { refresh_token: second } = await logto.refresh(first);
    expect((await logto.refresh(second, { resource: API })).scope).toBe('read:documents');
  });
});

describe('a consumed refresh token', () => {
  it('ends the whole grant when it is presented again, however often', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const consumed = await signIn();
    const { refresh_token: next, access_token: accessToken } = await logto.refresh(consumed);
    await expect(logto.refresh(consumed)).rejects.toMatchObject(gone);
    expect(sandbox.reusedRefreshTokens()).toBe(1);
    await expect(logto.refresh(next)).rejects.toMatchObject(gone);
    expect(await client.tokenIntrospection(logto.configuration, accessToken)).toEqual({ active: false });
    expect(sandbox.reusedRefreshTokens()).toBe(1);
    await expect(logto.refresh(consumed)).rejects.toMatchObject(gone);
    expect(sandbox.reusedRefreshTokens()).toBe(2);
  });

  it.each([2, 20])('is won by one of %i parallel refreshes, and the grant has ended', async (number) => {
    await start({ rotateRefreshTokens: 'always' });
    const token = await signIn();
    const refreshes = Array.from({ length: number }, () => logto.refresh(token));
    const { won, lost } = await outcomes(refreshes);
    expect(won).toHaveLength(1);
    for (const reason of lost) expect(reason).toMatchObject(gone);
    await expect(logto.refresh(won[0]?.refresh_token)).rejects.toMatchObject(gone);
    expect(sandbox.reusedRefreshTokens()).toBe(number - 1);
  });

  it('is not counted against the request that consumed it and then failed', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const token = await signIn();
    await expect(logto.refresh(token, { resource: API })).rejects.toMatchObject({ error: 'invalid_target' });
    expect(sandbox.reusedRefreshTokens()).toBe(0);
    await expect(logto.refresh(token)).rejects.toMatchObject(gone);
    expect(sandbox.reusedRefreshTokens()).toBe(1);
  });

  it('leaves other grants of the same person alone', async () => {
    await start({ rotateRefreshTokens: 'always' });
    const [consumed, other] = [await signIn(), await signIn()];
    await logto.refresh(consumed);
    await expect(logto.refresh(consumed)).rejects.toMatchObject(gone);
    expect((await logto.refresh(other)).access_token).toBeTruthy();
  });
});

describe('refreshes in flight', () => {
  it('are one at most when they come one after the other', async () => {
    await start({ rotateRefreshTokens: 'always' });
    let token = await signIn();
    for (let round = 0; round < 5; round++) token = (await logto.refresh(token)).refresh_token ?? '';
    expect(sandbox.concurrentRefreshes()).toBe(1);
  });

  it('are counted while the token endpoint is slow, without rotation too', async () => {
    await start();
    const token = await signIn();
    sandbox.fail({ path: '/oidc/token', delayMilliseconds: 2000 });
    expect((await outcomes([1, 2, 3].map(() => logto.refresh(token)))).lost).toEqual([]);
    expect(sandbox.concurrentRefreshes()).toBe(3);
    expect(sandbox.requests()).toMatchObject({ 'POST /oidc/token refresh_token': 3 });
  });

  it('of different grants do not count together', async () => {
    await start();
    const tokens = [await signIn(), await signIn()];
    sandbox.fail({ path: '/oidc/token', delayMilliseconds: 50 });
    await Promise.all(tokens.map((token) => logto.refresh(token)));
    expect(sandbox.concurrentRefreshes()).toBe(1);
  });
});

describe('the lifetime of access tokens', () => {
  it('is an option, for opaque ones, those of APIs and of machines', async () => {
    await start({ accessTokenSeconds: 2 });
    const tokens = await logto.signInFor('alice', 'read:documents', [API]);
    const forApi = await logto.refresh(tokens.refresh_token, { resource: API });
    expect([tokens.expires_in, forApi.expires_in]).toEqual([2, 2]);
    const { exp = 0, iat = 0 } = decodeJwt(forApi.access_token);
    expect(exp - iat).toBe(2);
    const { clientId, clientSecret } = sandbox.machine;
    const issuer = new URL(`${sandbox.url}/oidc`);
    const machine = await client.discovery(issuer, clientId, clientSecret, undefined, {
      execute: [client.allowInsecureRequests],
    });
    expect(await client.clientCredentialsGrant(machine, { resource: API })).toMatchObject({ expires_in: 2 });
  });
});
