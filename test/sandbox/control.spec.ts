import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clock, systemSeconds } from '../../src/common/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
});
afterEach(() => sandbox.close());

const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${sandbox.url}${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });

describe('the clock', () => {
  it('moves with every attached clock, in process and over HTTP', async () => {
    const clock = new Clock();
    sandbox.attach(clock);
    sandbox.advance(60);
    expect((await send('POST', '/clock/advance', { seconds: 3600 })).status).toBe(204);
    expect(clock.now() - systemSeconds()).toBeGreaterThanOrEqual(3659);
    expect(await (await send('GET', '/clock')).json()).toMatchObject({ advancedSeconds: 3660 });
  });

  it.each([{ seconds: 0 }, { seconds: -1 }, { seconds: 'soon' }, {}])('does not move by %j', async (body) => {
    expect((await send('POST', '/clock/advance', body)).status).toBe(400);
  });
});

describe('faults', () => {
  it('replace the answer as often as told, on Google’s paths and Logto’s', async () => {
    sandbox.fail({ path: '/google/token', status: 503, body: 'down', times: 2 });
    await send('POST', '/faults', { path: '/oidc/jwks', body: '{"keys":', times: 1 });
    const statuses = [];
    for (let round = 0; round < 3; round++) statuses.push((await send('POST', '/google/token')).status);
    expect(statuses).toEqual([503, 503, 401]);
    const broken = await send('GET', '/oidc/jwks');
    expect([broken.headers.get('content-type'), await broken.text()]).toEqual([
      expect.stringContaining('application/json'),
      '{"keys":',
    ]);
    expect(await (await send('GET', '/oidc/jwks')).json()).toHaveProperty('keys');
  });

  it('last until cleared when no number is given', async () => {
    sandbox.fail({ path: '/google/oauth2/v3/certs', status: 500 });
    expect((await send('GET', '/google/oauth2/v3/certs')).status).toBe(500);
    expect((await send('GET', '/google/oauth2/v3/certs')).status).toBe(500);
    expect((await send('DELETE', '/faults')).status).toBe(204);
    expect((await send('GET', '/google/oauth2/v3/certs')).status).toBe(200);
  });

  it('drop the connection', async () => {
    sandbox.fail({ path: '/oidc/jwks', dropConnection: true });
    await expect(send('GET', '/oidc/jwks')).rejects.toThrow('fetch failed');
  });

  it('hang until the client gives up, or the sandbox closes', async () => {
    sandbox.fail({ path: '/oidc/jwks', hang: true });
    const hanging = expect(send('GET', '/oidc/jwks')).rejects.toThrow('fetch failed');
    while (sandbox.requests()['GET /oidc/jwks'] === undefined) await send('GET', '/clock');
    await sandbox.close();
    await hanging;
  });

  it('delay the real answer', async () => {
    sandbox.fail({ path: '/oidc/jwks', delayMilliseconds: 1 });
    expect(await (await send('GET', '/oidc/jwks')).json()).toHaveProperty('keys');
  });

  it('are refused when misspelt', async () => {
    expect((await send('POST', '/faults', { path: '/google/token', stauts: 503 })).status).toBe(400);
  });
});

describe('counters', () => {
  it('tell method, path and grant type of what the providers were asked', async () => {
    const logto = await RelyingParty.ofLogto(sandbox);
    const google = await RelyingParty.ofGoogle(sandbox);
    sandbox.clearRequests();
    await logto.signIn('alice');
    await google.signIn('alice');
    const counted = await (await send('GET', '/requests')).json();
    expect(counted).toEqual(sandbox.requests());
    expect(counted).toMatchObject({
      'GET /oidc/auth': 1,
      'GET /oidc/auth/:id': 1,
      'POST /oidc/token authorization_code': 1,
      'GET /google/o/oauth2/v2/auth': 1,
      'POST /google/token authorization_code': 1,
    });
    await send('DELETE', '/requests');
    expect(sandbox.requests()).toEqual({});
  });

  it('count what a fault answered', async () => {
    sandbox.fail({ path: '/google/token', status: 503 });
    const body = new URLSearchParams({ grant_type: 'refresh_token' });
    await fetch(`${sandbox.url}/google/token`, { method: 'POST', body });
    expect(sandbox.requests()).toEqual({ 'POST /google/token refresh_token': 1 });
  });
});

describe('who may give orders', () => {
  it.each(['cross-site', 'same-site'])('refuses a post that a %s page sent', async (site) => {
    const answer = await send('POST', '/clock/advance', { seconds: 5 }, { 'sec-fetch-site': site });
    expect(answer.status).toBe(403);
    expect(await (await send('GET', '/clock')).json()).toMatchObject({ advancedSeconds: 0 });
  });

  it.each(['same-origin', 'none'])('accepts one whose site is %s', async (site) => {
    expect((await send('POST', '/clock/advance', { seconds: 5 }, { 'sec-fetch-site': site })).status).toBe(
      204,
    );
  });

  it.each([['/'], ['/requests'], ['/clock']])('shows %s to loopback names only', async (path) => {
    expect(await statusForHost('attacker.example', path)).toBe(403);
    expect(await statusForHost('127.0.0.1:1234', path)).toBe(200);
    expect(await statusForHost('[::1]:1234', path)).toBe(200);
  });

  it('refuses a persona that does not exist', async () => {
    expect((await send('POST', '/google/control/revoke', { persona: 'mallory' })).status).toBe(400);
    expect(() => sandbox.revokeGoogleGrants('mallory')).toThrow('no persona');
  });
});

describe('the page', () => {
  it('shows personas and providers and its buttons work', async () => {
    const browser = new Browser(sandbox.url);
    const home = await browser.get(`${sandbox.url}/`);
    for (const shown of [
      'Alice Arden',
      'Zoë 李 👩‍🚀',
      `${sandbox.url}/oidc`,
      `${sandbox.url}/google`,
      applicationUrl,
    ]) {
      expect(home.body).toContain(shown);
    }
    expect((await browser.press(home, 'seconds', '3600')).body).toContain('1 hour ahead');
  });

  it('has no inline script or style and forbids both', async () => {
    const { body, headers } = await new Browser(sandbox.url).get(`${sandbox.url}/`);
    expect(body).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self';");
  });

  it('escapes what others wrote', async () => {
    const google = await RelyingParty.ofGoogle(sandbox);
    const { browser, url } = await google.begin({ scope: 'openid <script>alert(1)</script>' });
    const { body } = await browser.press(await browser.get(url.href), 'persona', 'alice');
    expect(body).toContain('&#60;script&#62;');
    expect(body).not.toContain('<script>');
  });
});

/** fetch does not let a caller choose the Host. */
function statusForHost(host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${sandbox.url}${path}`, { headers: { host } }, (answer) => {
      void text(answer).then(() => resolve(answer.statusCode));
    });
    outgoing.on('error', reject).end();
  });
}
