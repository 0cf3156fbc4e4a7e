import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import type { Sandboxed } from '../support/sandboxed.js';
import { OneTapVisitor, refusalIn, startWithPrompt } from './one-tap-stage.js';

const MISMATCH = [400, 'session.csrf_token_mismatch'];

describe.each(platforms)('the page and the address of Google One Tap on %s', (platform) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startWithPrompt(platform);
  });

  afterAll(() => stage.close());

  const visitor = () => OneTapVisitor.at(stage);

  it('shows the prompt on a page that works without it, with headers that let Google’s window find back (OT-15)', async () => {
    const { html, response } = await visitor().open('/sign-in?return_to=/api/me');
    const { issuer, clientId } = stage.sandbox.google;
    expect(html).toContain(`<script src="${issuer}/gsi/client" async></script>`);
    expect(html).toContain(`data-client_id="${clientId}"`);
    expect(html).toContain(`data-login_uri="${stage.backend.url}/callback/google"`);
    expect(html).toContain('href="/auth/social/google?return_to=%2Fapi%2Fme"');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'self' ${issuer}/gsi/style`,
      "img-src 'self' https:",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      `script-src ${issuer}/gsi/client`,
      `connect-src ${issuer}/gsi/`,
      `frame-src ${issuer}/gsi/`,
    ]);
    expect(await scriptsOn('/')).toBe(0);
  });

  it.each<[string, Parameters<OneTapVisitor['post']>[1]]>([
    ['OT-01: no cookie', { cookie: '' }],
    ['OT-02: no token in the form', { fields: { g_csrf_token: undefined } }],
    ['OT-02: an empty token in the form and an empty cookie', { fields: { g_csrf_token: '' }, cookie: ' ' }],
    ['OT-03: another token in the form', { fields: { g_csrf_token: 'another' } }],
    ['OT-03: two cookies of which one fits', { cookie: '4f1c0a9be2d37856; g_csrf_token=another' }],
  ])('refuses a post with %s, and leaves the page good', async (_, post) => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    expect(await refusalIn(await visit.post(credential, post))).toEqual(MISMATCH);
    expect(await visit.me()).toEqual({});
    expect((await visit.post(credential)).status).toBe(303);
  });

  it('asks nobody but Google’s own connector (OT-06)', async () => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    expect(await refusalIn(await visit.post(credential, { connectorId: 'github' }))).toEqual([
      403,
      'connector.disabled',
    ]);
    expect(await refusalIn(await visit.post(credential, { connectorId: 'nobody' }))).toEqual([
      404,
      'connector.not_found',
    ]);
  });

  it.each([
    [
      'JSON',
      { 'content-type': 'application/json' },
      (form: URLSearchParams) => JSON.stringify(Object.fromEntries(form)),
    ],
    ['text', { 'content-type': 'text/plain' }, (form: URLSearchParams) => form.toString()],
    ['a form for files', {}, (form: URLSearchParams) => filesFormOf(form)],
    ['nothing', {}, () => undefined],
  ])('takes no credential in %s, and keeps it out of the log (OT-13)', async (_, headers, bodyOf) => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    visit.browser.setCookie('localhost', 'g_csrf_token', 'the-same');
    const body = bodyOf(new URLSearchParams({ credential, g_csrf_token: 'the-same' }));
    const answer = await visit.send('/callback/google', { method: 'POST', headers, body });
    expect(answer.status).toBe(415);
    expect(await visit.me()).toEqual({});
    expectNotLogged(credential);
  });

  it.each([
    ['GET', ''],
    ['GET', '&state='],
    ['POST', ''],
  ])(
    'takes no credential of the query by %s%s, and keeps it out of the log (OT-13)',
    async (method, state) => {
      const visit = visitor();
      const nonce = await visit.nonce();
      const credential = await stage.sandbox.oneTapCredential({ personaId: 'alice', nonce });
      visit.browser.setCookie('localhost', 'g_csrf_token', 'the-same');
      const query = new URLSearchParams({ credential, g_csrf_token: 'the-same' }).toString();
      const path = `/callback/google?${query}${state && state + nonce}`;
      const body = method === 'POST' ? new URLSearchParams({ g_csrf_token: 'the-same' }) : undefined;
      const answer = await visit.send(path, { method, body });
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain(credential);
      expect(await visit.me()).toEqual({});
      expectNotLogged(credential);
    },
  );

  it('logs no credential that it refuses', async () => {
    const visit = visitor();
    const credential = await visit.credential('alice', { clientId: 'another-client' });
    await visit.post(credential);
    expectNotLogged(credential);
  });

  it('ignores fields that it does not know (OT-16)', async () => {
    const visit = visitor();
    const fields = { select_by: 'fedcm_auto', client_id: 'another-client', unknown: '{"a":[]}', state: 'x' };
    expect((await visit.post(await visit.credential('alice'), { fields })).status).toBe(303);
    expect(await visit.me()).toMatchObject({ name: 'Alice Arden' });
  });

  async function scriptsOn(path: string): Promise<number> {
    return ((await visitor().open(path)).html.match(/<script/g) ?? []).length;
  }

  function expectNotLogged(credential: string): void {
    const parts = credential.split('.');
    expect(stage.backend.logs.filter((line) => parts.some((part) => line.includes(part)))).toEqual([]);
  }
});

function filesFormOf(fields: URLSearchParams): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return form;
}
