import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from './browser.js';
import { applicationUrl } from './relying-party.js';

const TOKEN = '/github/login/oauth/access_token';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.clearFaults());

const ask = (path: string, init: RequestInit = {}) => fetch(sandbox.url + path, init);

const choose = (fields: Record<string, string>) =>
  ask('/faults/choose', { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });

describe('a fault', () => {
  it('carries headers, with an answer of its own and with the real one', async () => {
    const headers = { 'retry-after': '30', 'x-app-usage': '{}' };
    sandbox.fail({ path: '/x/api/2/users/me', status: 429, headers, times: 1 });
    const replaced = await ask('/x/api/2/users/me');
    expect([replaced.status, replaced.headers.get('retry-after')]).toEqual([429, '30']);
    const body = JSON.stringify({ path: '/x/api/2/users/me', headers: { 'x-rate-limit-remaining': '1' } });
    expect((await ask('/faults', { method: 'POST', body })).status).toBe(204);
    const real = await ask('/x/api/2/users/me');
    expect([real.status, real.headers.get('x-rate-limit-remaining')]).toEqual([401, '1']);
  });

  it('names its own content type, in whatever way it is told', async () => {
    sandbox.fail({ path: TOKEN, body: '{', headers: { 'content-type': 'text/html' }, times: 1 });
    sandbox.fail({ path: TOKEN, body: '{', contentType: 'text/xml', times: 1 });
    sandbox.fail({ path: TOKEN, body: '{', times: 1 });
    for (const type of ['text/html', 'text/xml', 'application/json']) {
      expect((await ask(TOKEN, { method: 'POST' })).headers.get('content-type')).toContain(type);
    }
  });

  it('repeats its body, up to 16 MiB', async () => {
    sandbox.fail({ path: '/google/token', body: 'ab', repeatBody: 600_000, times: 1 });
    expect((await (await ask('/google/token', { method: 'POST' })).text()).length).toBe(1_200_000);
    sandbox.fail({ path: '/google/token', body: 'x'.repeat(1024), repeatBody: 1_000_000, times: 1 });
    expect((await (await ask('/google/token', { method: 'POST' })).text()).length).toBe(16 * 1024 * 1024);
  });

  it('strikes any segment where its path has an asterisk', async () => {
    sandbox.fail({ path: '/github/api/applications/*/token', status: 503 });
    const end = (path: string) => ask(`/github/api/applications/${path}`, { method: 'DELETE' });
    expect((await end('some-client/token')).status).toBe(503);
    expect((await end('some-client/grant')).status).toBe(401);
    expect((await end('some-client/token/more')).status).toBe(404);
  });

  it.each([
    ['/google/token', 'POST /google/token'],
    [TOKEN, `POST ${TOKEN}`],
    ['/x/api/2/oauth2/token', 'POST /x/api/2/oauth2/token'],
  ])('at %s is counted as a request', async (path, key) => {
    sandbox.clearRequests();
    sandbox.fail({ path, status: 500 });
    await ask(path, { method: 'POST' });
    await ask(path.replace(/^(\/\w+)\/.*/, '$1/control/revoke'), { method: 'POST' });
    expect(sandbox.requests()).toEqual({ [key]: 1 });
  });
});

describe('the page of faults', () => {
  it('offers endpoints of every provider and needs no script', async () => {
    const { body, headers } = await new Browser(sandbox.url).get(`${sandbox.url}/faults`);
    for (const name of ['Logto', 'Google', 'GitHub', 'X'])
      expect(body).toContain(`<optgroup label="${name}">`);
    expect(body).toContain(`<option>${TOKEN}</option>`);
    expect(body).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('shows what is pending, escaped, and clears it', async () => {
    expect((await choose({ path: TOKEN, kind: 'away', times: '2' })).headers.get('location')).toBe('/faults');
    sandbox.fail({ path: '/<script>', hang: true });
    const browser = new Browser(sandbox.url);
    const page = await browser.get(`${sandbox.url}/faults`);
    expect(page.body.replace(/\s+/g, ' ')).toContain(`status 503, 2 times <code>${TOKEN}</code>`);
    expect(page.body).toContain('no answer, until cleared');
    expect(page.body).toContain('/&#60;script&#62;');
    expect((await ask('/')).status).toBe(200);
    expect((await ask('/faults/clear', { method: 'POST', body: new URLSearchParams() })).url).toContain(
      '/faults',
    );
    expect((await browser.get(`${sandbox.url}/faults`)).body).toContain('Everybody answers as they should');
  });

  it.each([
    ['error', 500, 'text/plain', 'Internal Server Error'],
    ['away', 503, 'text/plain', 'Service Unavailable'],
    ['busy', 429, 'application/json', '{"error"'],
    ['malformed', 200, 'application/json', '{"access_token":"half a '],
    ['html', 200, 'text/html', '<!doctype html>'],
  ])('causes "%s" as often as told', async (kind, status, type, body) => {
    await choose({ path: TOKEN, kind, times: '1' });
    const answer = await ask(TOKEN, { method: 'POST' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      expect.stringContaining(type),
    ]);
    expect(await answer.text()).toContain(body);
    expect((await ask(TOKEN, { method: 'POST' })).headers.get('content-type')).toContain('form-urlencoded');
  });

  it('causes bodies of more than a mebibyte, and connections that break', async () => {
    await choose({ path: TOKEN, kind: 'huge', times: '1' });
    expect((await (await ask(TOKEN, { method: 'POST' })).text()).length).toBeGreaterThan(2 ** 21);
    await choose({ path: TOKEN, kind: 'dropped', times: '1' });
    await expect(ask(TOKEN, { method: 'POST' })).rejects.toThrow('fetch failed');
  });

  it.each([
    ['Token: the primary e-mail address is not verified', TOKEN, 200, 'unverified_user_email'],
    ['API: secondary rate limit', '/github/api/user', 403, 'secondary rate limit'],
    ['Token: an administrator restricts the service', '/google/token', 400, 'admin_policy_enforced'],
    ['Token: the session of a company account has to be renewed', '/google/token', 400, 'invalid_rapt'],
    ['API: errors and no data with status 200', '/x/api/2/users/me', 200, 'suspended'],
  ])('causes what only one provider knows: "%s" (CE-05, CE-07, CE-28)', async (kind, path, status, text) => {
    await choose({ path: '/oidc/token', kind });
    const answer = await ask(path, { method: path.endsWith('user') || path.endsWith('me') ? 'GET' : 'POST' });
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(text)]);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('retry-after')).toBe(status === 403 ? '60' : null);
  });

  it.each([
    { path: '/nowhere', kind: 'slow' },
    { path: TOKEN, kind: 'unknown' },
    { path: TOKEN, kind: 'slow', times: '0' },
  ] as Record<string, string>[])('refuses %j', async (fields) => {
    expect((await choose(fields)).status).toBe(400);
  });

  it('takes orders of its own forms alone', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const body = new URLSearchParams({ path: TOKEN, kind: 'error' });
    expect((await ask('/faults/choose', { method: 'POST', headers, body })).status).toBe(403);
    expect((await ask('/faults/clear', { method: 'POST', headers, body })).status).toBe(403);
  });
});

describe('the form that revokes grants', () => {
  const revoke = (fields: Record<string, string>) =>
    ask('/revoke', { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });

  it('names provider and person, and returns to the front page', async () => {
    const { body } = await new Browser(sandbox.url).get(`${sandbox.url}/`);
    for (const [name, value] of [
      ['GitHub', 'github'],
      ['Uma Underhill', 'uma'],
    ])
      expect(body).toContain(`<option value="${value}">${name}</option>`);
    const answer = await revoke({ provider: 'x', persona: 'alice' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
  });

  it('refuses whoever is not here', async () => {
    expect((await revoke({ provider: 'x', persona: 'mallory' })).status).toBe(400);
    expect((await revoke({ provider: 'myspace', persona: 'alice' })).status).toBe(400);
    expect(() => sandbox.revokeGrants('x', 'mallory')).toThrow('no persona');
  });
});
