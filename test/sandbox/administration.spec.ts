import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

const gone = { error: 'invalid_grant', status: 400 };

let sandbox: Sandbox;
let logto: RelyingParty;

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  logto = await RelyingParty.ofLogto(sandbox);
});
afterEach(() => sandbox.close());

const order = (path: string, persona: string) =>
  fetch(`${sandbox.url}${path}`, { method: 'POST', body: JSON.stringify({ persona }) });

describe('revoking the grants of a persona at Logto', () => {
  it('ends its refresh and opaque access tokens, and nobody else’s', async () => {
    const [alice, bob] = [await logto.signIn('alice'), await logto.signIn('bob')];
    sandbox.revokeLogtoGrants('alice');
    await expect(logto.refresh(alice.refresh_token)).rejects.toMatchObject(gone);
    expect(await client.tokenIntrospection(logto.configuration, alice.access_token)).toEqual({
      active: false,
    });
    expect((await logto.refresh(bob.refresh_token)).access_token).toBeTruthy();
  });

  it('leaves the session, which brings a new grant', async () => {
    const browser = new Browser(sandbox.url);
    await logto.signIn('alice', {}, browser);
    sandbox.revokeLogtoGrants('alice');
    const tokens = await logto.signIn('alice', { prompt: 'none', scope: 'openid' }, browser);
    expect(tokens.claims()).toMatchObject({ sub: 'xw3jr9c2iw77' });
  });
});

describe('a suspended persona', () => {
  it('loses grants and session and is refused at the sign-in', async () => {
    const browser = new Browser(sandbox.url);
    const tokens = await logto.signIn('alice', {}, browser);
    sandbox.suspend('alice');
    await expect(logto.refresh(tokens.refresh_token)).rejects.toMatchObject(gone);
    const { url } = await browser.get((await logto.begin({ prompt: 'none' })).url.href);
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
    const callback = await logto.authorize(await logto.begin({}, browser), 'alice');
    expect(callback.searchParams.get('error')).toBe('access_denied');
    expect((await logto.signIn('bob', {}, browser)).claims()).toMatchObject({ email: 'bob@example.test' });
  });

  it('cannot redeem a code that it had before', async () => {
    const authorization = await logto.begin();
    const callback = await logto.authorize(authorization, 'alice');
    sandbox.suspend('alice');
    await expect(logto.redeem(callback, authorization.checks)).rejects.toMatchObject(gone);
  });
});

describe('the keys of Logto', () => {
  const keys = async () =>
    ((await (await fetch(`${sandbox.url}/oidc/jwks`)).json()) as { keys: { kid: string; alg: string }[] })
      .keys;

  it('change, and the one before stays in the JWKS', async () => {
    const before = (await logto.signIn('alice')).id_token ?? '';
    const [first] = await keys();
    await sandbox.rotateLogtoKeys();
    const [second, previous, ...others] = await keys();
    expect([previous, others]).toEqual([first, []]);
    expect(second).toMatchObject({ alg: 'ES384', kid: expect.not.stringMatching(first?.kid ?? '') });
    const after = (await (await RelyingParty.ofLogto(sandbox)).signIn('alice')).id_token ?? '';
    expect(decodeProtectedHeader(after).kid).toBe(second?.kid);
    const published = createRemoteJWKSet(new URL(`${sandbox.url}/oidc/jwks`));
    for (const token of [before, after]) expect((await jwtVerify(token, published)).payload.sub).toBeTruthy();
  });

  it('drop the one before the one before', async () => {
    const [first] = await keys();
    await sandbox.rotateLogtoKeys();
    await sandbox.rotateLogtoKeys();
    expect((await keys()).map(({ kid }) => kid)).not.toContain(first?.kid);
    expect(await keys()).toHaveLength(2);
  });

  it('change under sessions, grants and ID-token hints that live on', async () => {
    const browser = new Browser(sandbox.url);
    const tokens = await logto.signIn('alice', {}, browser);
    await sandbox.rotateLogtoKeys();
    const fresh = await RelyingParty.ofLogto(sandbox);
    expect((await fresh.refresh(tokens.refresh_token)).access_token).toBeTruthy();
    expect((await fresh.signIn('alice', { prompt: 'none' }, browser)).access_token).toBeTruthy();
    const leaving = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: `${applicationUrl}/` };
    const { url } = await browser.get(client.buildEndSessionUrl(fresh.configuration, leaving).href);
    expect(url).toBe(`${applicationUrl}/`);
  });
});

describe('orders to Logto over HTTP', () => {
  it('revoke, suspend, end sessions and change keys', async () => {
    const [alice, bob] = [await logto.signIn('alice'), await logto.signIn('bob')];
    expect((await order('/logto/control/revoke', 'alice')).status).toBe(204);
    await expect(logto.refresh(alice.refresh_token)).rejects.toMatchObject(gone);
    expect((await order('/logto/control/suspend', 'bob')).status).toBe(204);
    await expect(logto.refresh(bob.refresh_token)).rejects.toMatchObject(gone);
    const browser = new Browser(sandbox.url);
    await logto.signIn('zoe', {}, browser);
    expect((await order('/logto/control/end-sessions', 'zoe')).status).toBe(204);
    const { url } = await browser.get((await logto.begin({ prompt: 'none' })).url.href);
    expect(new URL(url).searchParams.get('error')).toBe('login_required');
    const keys = async () => (await fetch(`${sandbox.url}/oidc/jwks`)).text();
    const before = await keys();
    await fetch(`${sandbox.url}/logto/control/rotate-keys`, { method: 'POST' });
    expect(await keys()).not.toBe(before);
  });

  it.each(['revoke', 'suspend', 'end-sessions'])(
    'refuse to %s a persona that does not exist',
    async (name) => {
      expect((await order(`/logto/control/${name}`, 'mallory')).status).toBe(400);
    },
  );

  it('refuse a persona that does not exist in process too', async () => {
    expect(() => sandbox.revokeLogtoGrants('mallory')).toThrow('no persona');
    expect(() => sandbox.suspend('mallory')).toThrow('no persona');
    await expect(sandbox.endLogtoSessions('mallory')).rejects.toThrow('no persona');
  });
});
