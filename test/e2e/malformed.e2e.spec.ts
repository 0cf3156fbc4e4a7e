import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

describe.each(platforms)('malformed requests on %s', (platform) => {
  let stage: Sandboxed;
  const browser = new Browser();

  beforeAll(async () => {
    stage = await startSandboxed({ platform });
    await signInThroughLogto(browser, stage.backend);
  });

  afterAll(() => stage.close());

  const post = (body: string, type: string) =>
    browser.json(`${stage.backend.url}/auth/sign-out`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });

  it.each(['/api/%zz', '/auth/social/%zz', '/callback/%', '/nowhere', '/auth/social/..%2f..%2fme'])(
    'at %s are answered in our form, below 500',
    async (path) => {
      const { status, body } = await browser.json(`${stage.backend.url}${path}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(body).toEqual({ code: expect.any(String), message: expect.any(String) });
    },
  );

  it.each([
    ['JSON that is none', '{"csrf_token":', 'application/json'],
    ['JSON that is null', 'null', 'application/json'],
    ['JSON that reaches for the prototype', '{"__proto__":{"csrf_token":"x"}}', 'application/json'],
    [
      'a form that reaches for the prototype',
      '__proto__[csrf_token]=x&__proto__=y',
      'application/x-www-form-urlencoded',
    ],
    ['a form with a list', 'csrf_token=a&csrf_token=b', 'application/x-www-form-urlencoded'],
    [
      'a form that is too large (RX-02)',
      `csrf_token=${'x'.repeat(200_000)}`,
      'application/x-www-form-urlencoded',
    ],
    ['another kind of body', '<a/>', 'application/xml'],
  ])('with %s do nothing, and are answered below 500', async (_, body, type) => {
    const answer = await post(body, type);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(Object.keys(answer.body).sort()).toEqual(['code', 'message']);
    expect((await browser.json(`${stage.backend.url}/api/me`)).status).toBe(200);
  });

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])(
    'cannot read a token without a session by %s on any spelling of the path (CB-24)',
    async (method) => {
      const path = '/api/my-account/identities/google/access-token';
      const spellings = [
        path,
        `${path}/`,
        `/${path}`,
        path.replace('/api', '/API'),
        path.replace('my-account', 'my%2Daccount'),
        `${path};x`,
        path.replace('/identities', '/./identities'),
        `${path}%2e`,
      ];
      for (const spelling of spellings) {
        const { status, headers } = await fetch(stage.backend.url + spelling, { method, redirect: 'manual' });
        expect([401, 403, 404, 405]).toContain(status);
        expect(headers.get('set-cookie')).toBeNull();
      }
    },
  );
});
