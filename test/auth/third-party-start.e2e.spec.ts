import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { LOGTO, Stage } from './stage.js';

/** OpenID Connect Core 4: a sign-in that Logto starts, or somebody in its name. */
describe.each(platforms)('a sign-in that is started elsewhere, on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open(platform);
  });

  afterAll(() => stage.close());

  const start = (query: Record<string, string>, browser = new Browser()) =>
    browser.json(`${stage.backend.url}${LOGTO.start}?${new URLSearchParams(query).toString()}`);

  const iss = () => stage.issuer(LOGTO).url;

  it.each([
    ['a path of ours', () => '/api/me?x=1'],
    ['an address of ours', () => `${stage.backend.url}/api/me?x=1`],
  ])('is a sign-in like any other, and ends where it was headed: %s (AR-18)', async (_, target) => {
    const browser = new Browser();
    const query = new URLSearchParams({ iss: iss(), target_link_uri: target() }).toString();
    const page = await browser.open(`${stage.backend.url}${LOGTO.start}?${query}`);
    expect([page.status, page.url]).toEqual([200, `${stage.backend.url}/api/me?x=1`]);
    expect(await stage.isSignedIn(browser)).toBe(true);
  });

  it('ends at the front page where it names no target (AR-18)', async () => {
    const page = await new Browser().open(
      `${stage.backend.url}${LOGTO.start}?iss=${encodeURIComponent(iss())}`,
    );
    expect([page.status, page.url]).toEqual([200, `${stage.backend.url}/`]);
  });

  it('hands no hint of whoever started it on to Logto (AR-18)', async () => {
    const { headers } = await start({ iss: iss(), login_hint: 'victim@example.test', target_link_uri: '/' });
    const { searchParams } = new URL(headers.get('location') ?? '');
    expect(['login_hint', 'iss', 'target_link_uri'].filter((name) => searchParams.has(name))).toEqual([]);
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example/oidc' }, 'auth.iss_mismatch'],
    ['an issuer with a suffix', { iss: 'SUFFIX' }, 'auth.iss_mismatch'],
    ['an empty issuer', { iss: '' }, 'auth.iss_mismatch'],
    [
      'another issuer, with a target of ours',
      { iss: 'https://evil.example', target_link_uri: '/' },
      'auth.iss_mismatch',
    ],
    ...[
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      'OURS@evil.example/',
      'OURS.evil.example',
    ].map((target): [string, Record<string, string>, string] => [
      `the target ${target}`,
      { iss: 'OURS', target_link_uri: target },
      'auth.return_to_invalid',
    ]),
  ] as [string, Record<string, string>, string][])('goes nowhere for %s (AR-18)', async (_, given, code) => {
    const query = Object.fromEntries(
      Object.entries(given).map(([name, value]) => {
        if (name === 'iss') return [name, value === 'OURS' ? iss() : value.replace('SUFFIX', `${iss()}/`)];
        return [name, value.replace('OURS', stage.backend.url)];
      }),
    );
    const transactions = await stage.count('transactions');
    const { status, headers, body } = await start(query);
    expect([status, body['code'], headers.get('location')]).toEqual([400, code, null]);
    expect(await stage.count('transactions')).toBe(transactions);
  });
});
