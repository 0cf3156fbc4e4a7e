import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { RelyingParty } from './relying-party.js';

const ALICE = 'xw3jr9c2iw77';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** What an application is sent, in the order of arrival. */
interface Notice {
  readonly path: string | undefined;
  readonly token: string;
}

let sandbox: Sandbox;
let logto: RelyingParty;
let browser: Browser;
let application: { readonly url: string; readonly server: Server; status: number };
let notices: Notice[];

beforeEach(async () => {
  notices = [];
  application = await startApplication();
  const clients = [
    {
      clientId: 'neighbour',
      clientSecret: 'neighbour-secret',
      redirectUris: [`${application.url}/neighbour`],
      backchannelLogoutUri: `${application.url}/neighbour/logout`,
    },
    {
      clientId: 'far',
      clientSecret: 'far-secret',
      redirectUris: [`${application.url}/far`],
      // Reaches the application all the same, where it is not refused before.
      backchannelLogoutUri: `${application.url.replace('localhost', '0.0.0.0')}/far/logout`,
    },
  ];
  sandbox = await startSandbox({ port: 0, applicationUrl: application.url, clients });
  logto = await at('latchkey-sandbox', sandbox.logto.appSecret);
  browser = new Browser(sandbox.url);
});
afterEach(async () => {
  await sandbox.close();
  application.server.closeAllConnections();
  application.server.close();
});

async function startApplication(): Promise<typeof application> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      notices.push({ path: request.url, token: new URLSearchParams(body).get('logout_token') ?? '' });
      response.writeHead(started.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const started = { url: `http://localhost:${(server.address() as AddressInfo).port}`, server, status: 200 };
  return started;
}

const at = (appId: string, appSecret: string) =>
  RelyingParty.ofLogto({ ...sandbox, logto: { ...sandbox.logto, appId, appSecret } });

const signIn = (party = logto, persona = 'alice', path = '/auth/callback', parameters = {}) =>
  party.signIn(persona, { redirect_uri: `${application.url}${path}`, ...parameters }, browser);

const leave = (idToken = '') =>
  browser.get(client.buildEndSessionUrl(logto.configuration, { id_token_hint: idToken }).href);

describe('the end of a session at Logto', () => {
  it('sends the application a logout token of the session', async () => {
    const tokens = await signIn();
    await leave(tokens.id_token);
    expect(notices.map(({ path }) => path)).toEqual(['/auth/backchannel-logout']);
    const keys = createRemoteJWKSet(new URL(`${sandbox.url}/oidc/jwks`));
    const { payload, protectedHeader } = await jwtVerify(notices[0]?.token ?? '', keys);
    expect(protectedHeader).toMatchObject({ alg: 'ES384', typ: 'logout+jwt' });
    expect(payload).toEqual({
      iss: `${sandbox.url}/oidc`,
      aud: sandbox.logto.appId,
      sub: ALICE,
      sid: tokens.claims()?.['sid'],
      iat: expect.any(Number),
      exp: Number(payload.iat) + 120,
      jti: expect.any(String),
      events: { [EVENT]: {} },
    });
  });

  it('gives ID tokens the same sid until it comes, and another one afterwards', async () => {
    const first = await signIn();
    const sid = first.claims()?.['sid'];
    expect(sid).toEqual(expect.any(String));
    expect((await logto.refresh(first.refresh_token)).claims()?.['sid']).toBe(sid);
    expect((await signIn()).claims()?.['sid']).toBe(sid);
    await leave(first.id_token);
    expect((await signIn()).claims()?.['sid']).not.toBe(sid);
  });

  it('is told to every client of the session, each with its own sid', async () => {
    const [mine, theirs] = [
      await signIn(),
      await signIn(await at('neighbour', 'neighbour-secret'), 'alice', '/neighbour'),
    ];
    await leave(mine.id_token);
    expect(notices.map(({ path }) => path).sort()).toEqual(['/auth/backchannel-logout', '/neighbour/logout']);
    expect(mine.claims()?.['sid']).not.toBe(theirs.claims()?.['sid']);
  });

  it.each([400, 500])('answers as ever when the application answers %i', async (status) => {
    application.status = status;
    const { id_token: idToken } = await signIn();
    expect((await leave(idToken)).body).toContain('<h1>Signed out</h1>');
    expect(notices).toHaveLength(1);
  });

  it('answers as ever when the application is gone', async () => {
    const { id_token: idToken } = await signIn();
    application.server.closeAllConnections();
    application.server.close();
    expect((await leave(idToken)).body).toContain('<h1>Signed out</h1>');
  });

  it('is told to loopback alone', async () => {
    const { id_token: idToken } = await signIn(await at('far', 'far-secret'), 'alice', '/far');
    await browser.get(`${sandbox.url}/oidc/session/end?id_token_hint=${idToken}`);
    expect(notices).toEqual([]);
  });

  it('comes also when another person signs in, in whose session nothing of it is left', async () => {
    const former = await signIn();
    const tokens = await signIn(logto, 'bob', '/auth/callback', { prompt: 'login' });
    expect(notices).toHaveLength(1);
    expect(tokens.claims()).toMatchObject({ email: 'bob@example.test', sid: expect.any(String) });
    expect(tokens.claims()?.['sid']).not.toBe(former.claims()?.['sid']);
  });

  it('can be had from outside, for all sessions of a person and nobody else’s', async () => {
    const [alice, bob] = [new Browser(sandbox.url), new Browser(sandbox.url)];
    const redirect = { redirect_uri: `${application.url}/auth/callback` };
    await signIn();
    await logto.signIn('alice', redirect, alice);
    await logto.signIn('bob', redirect, bob);
    await sandbox.endLogtoSessions('alice');
    expect(notices).toHaveLength(2);
    const silently = { ...redirect, prompt: 'none' };
    const landing = async (visitor: Browser) =>
      new URL((await visitor.get((await logto.begin(silently)).url.href)).url).searchParams;
    expect((await landing(alice)).get('error')).toBe('login_required');
    expect((await landing(bob)).has('code')).toBe(true);
  });

  it('is announced in the discovery document', async () => {
    const discovery = await fetch(`${sandbox.url}/oidc/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  });
});
