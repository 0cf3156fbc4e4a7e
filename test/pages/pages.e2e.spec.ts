import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity } from '../../src/identities/identity.entity.js';
import { User } from '../../src/identities/user.entity.js';
import { platforms, startBackend, type Backend } from '../support/backend.js';
import { Browser, type Page } from '../support/browser.js';
import { signInThroughLogto, startSandboxed, type Sandboxed } from '../support/sandboxed.js';

const HOSTILE = '<img src=x onerror=alert(1)>';
const STRICT = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self' https:",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
  'base-uri': "'none'",
};

describe.each(platforms)('the pages on %s', (platform) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startSandboxed({ platform });
  });

  afterAll(() => stage.close());

  const open = (path: string) => new Browser().open(stage.backend.url + path);

  const pages: [string, number, () => Promise<Page>][] = [
    ['the front page', 200, () => open('/')],
    ['the sign-in page', 200, () => open('/sign-in?return_to=/%22%3E%3Cscript%3E')],
    ['the error page of a callback that nobody started', 400, () => open('/auth/callback?state=s&code=c')],
    ['the error page of a missing session', 401, () => open('/api/me')],
    ['the error page of a cancelled sign-in', 403, () => cancelAtGoogle()],
    ['the error page of an unknown address', 404, () => open('/<script>')],
    ['the error page of an unknown connector', 404, () => open('/auth/social/nobody')],
  ];

  const cancelAtGoogle = async () => (await open('/auth/social/google')).press('cancel', 'yes');

  it.each(pages)('answers with %s, status %d, under the strict policy (HH-01)', async (_, status, visit) => {
    const page = await visit();
    expect(page.status).toBe(status);
    expect(page.response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(policyOf(page)).toEqual(STRICT);
    expectNothingInline(page);
    expect(page.response.headers.get('cache-control')).toBe('no-store');
  });

  it('lets the forms of the home page lead to Logto and the providers, and loosens nothing else (HH-01, HH-03)', async () => {
    const page = await signInThroughLogto(new Browser(), stage.backend);
    expect(page.html).toContain('Alice Arden');
    expect(policyOf(page)).toEqual({ ...STRICT, 'form-action': `'self' ${stage.sandbox.url}` });
    expectNothingInline(page);
    expect(page.response.headers.get('cache-control')).toBe('no-store');
  });

  it('shows what a provider says of a person as text (XS-01, XS-05)', async () => {
    const browser = new Browser();
    await signInThroughLogto(browser, stage.backend, 'bob');
    const me = await browser.json(`${stage.backend.url}/api/me`);
    await rename(stage.backend, String(me.body['id']), `${HOSTILE}\u202e 李 👩‍🚀`);
    stage.backend.clock.advance(1);
    const { html } = await browser.open(stage.backend.url);
    expect(html).not.toContain('<img');
    expect(html).toContain('<bdi>&lt;img src=x onerror=alert(1)&gt;\u202e 李 👩‍🚀</bdi>');
    expect(html.match(/&lt;img src=x onerror=alert\(1\)&gt;/g)).toHaveLength(3);
  });

  it('names its style sheet by its content, and lets it be kept for good', async () => {
    const { html } = await open('/');
    const path = /<link rel="stylesheet" href="(\/assets\/latchkey-[\w-]{12}\.css)"/.exec(html)?.[1];
    const { response } = await open(String(path));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await open('/assets/latchkey-000000000000.css')).status).toBe(404);
  });

  it.each([
    '/',
    '/sign-in',
    '/assets/latchkey.svg',
    '/api/me',
    '/auth/sign-in',
    '/auth/social/google',
    '/nowhere',
  ])('answers %s with the headers that protect people (HH-02)', async (path) => {
    const { headers } = await new Browser().request(stage.backend.url + path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  it('binds browsers to https where it is reached by https (HH-02)', async () => {
    const { logto } = stage.sandbox;
    const backend = await startBackend({
      platform,
      settings: { baseUrl: 'https://latchkey.example.test', logto },
    });
    const { headers } = await new Browser().request(backend.url);
    await backend.close();
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=[1-9]\d{7,}/);
  });
});

function policyOf({ response }: Page): Record<string, string> {
  const directives = (response.headers.get('content-security-policy') ?? '').split(';');
  return Object.fromEntries(
    directives.map((directive) => {
      const [name = '', ...sources] = directive.trim().split(' ');
      return [name, sources.join(' ')];
    }),
  );
}

/** Neither a script, nor a style, nor a handler, nor anything from elsewhere but pictures of people. */
function expectNothingInline({ html }: Page): void {
  expect(html).not.toMatch(/<(script|style|iframe|object|embed|base)\b/i);
  expect(html).not.toMatch(/<[^>]*\s(style|on\w+)\s*=/i);
  expect(html).not.toMatch(/javascript:/i);
  expect(html).not.toMatch(/<link[^>]*href="(?!\/)/);
}

async function rename({ dataSource }: Backend, userId: string, name: string): Promise<void> {
  await dataSource.getRepository(User).update({ id: userId }, { name, email: HOSTILE });
  await dataSource.getRepository(Identity).update({ userId }, { name, email: HOSTILE });
}
