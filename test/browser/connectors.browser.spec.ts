import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startSandboxed, type Sandboxed } from '../support/sandboxed.js';
import {
  account,
  agree,
  allow,
  at,
  leaveFor,
  link,
  providers,
  signIn,
  unlink,
  wecomInApp,
  type Provider,
} from './connectors-steps.js';
import { expectAccessible } from './expect-accessible.js';
import { launchBrowser, newVisitor, type Visitor } from './visitor.js';

const WECOM_APP =
  'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile wxwork/4.1.36 MicroMessenger/7.0.1';
const ZOE = 'Zoë 李 👩‍🚀';
const CALENDAR = 'https://www.googleapis.com/auth/calendar.readonly';

let stage: Sandboxed;
let browser: Browser;
let baseUrl: string;

beforeAll(async () => {
  [stage, browser] = await Promise.all([
    startSandboxed({ connectors: (sandbox) => sandbox.connectors }),
    launchBrowser(),
  ]);
  baseUrl = stage.backend.url;
});

afterAll(async () => {
  await browser.close();
  await stage.close();
});

/** Somebody new, of whose pages the browser complains no more than is said. */
async function visit(
  walk: (visitor: Visitor) => Promise<void>,
  {
    userAgent,
    complaints = [],
  }: { readonly userAgent?: string; readonly complaints?: readonly string[] } = {},
): Promise<void> {
  const visitor = await newVisitor(browser, { userAgent });
  await walk(visitor);
  expect(visitor.complaints).toEqual(complaints.map((part) => expect.stringContaining(part)));
  await visitor.context.close();
}

describe('a person', () => {
  it.each(providers)('signs in with $name and sees the account', (provider) =>
    visit(async ({ page }) => {
      await signIn(page, baseUrl, { provider, persona: 'Alice Arden' });
      await account(page, provider.name).getByText(provider.tokens).waitFor();
      await expectAccessible(page);
      expect(await page.getByRole('button', { name: /^Unlink/ }).count()).toBe(0);
      const { status } = await readToken(page, provider.id);
      expect(status).toBe(provider === at.wecom ? 404 : 200);
    }),
  );

  it('comes back as the same user from within WeCom’s app, where there is no code to scan', async () => {
    const ids: string[] = [];
    const enterBy = (provider: Provider) => async (page: Page) => {
      await signIn(page, baseUrl, { provider, persona: ZOE });
      ids.push(await userIdOf(page));
    };
    await visit(({ page }) => enterBy(at.wecom)(page));
    await visit(({ page }) => enterBy(wecomInApp)(page), { userAgent: WECOM_APP });
    expect(ids[0]).toBe(ids[1]);
  });

  it.each(providers)('who cancels at $name is told so, and led back', (provider) =>
    visit(
      async ({ page }) => {
        await leaveFor(page, baseUrl, provider);
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByRole('heading', { name: 'No access was given' }).waitFor();
        await expectAccessible(page);
        await page.getByRole('link', { name: 'Start again' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      },
      { complaints: ['a status of 403'] },
    ),
  );
});

describe('accounts of a person', () => {
  it('are linked from the home page, every one of them, and unlinked', () =>
    visit(async ({ page }) => {
      await signInThroughLogto(page, 'Bob Bellweather');
      for (const provider of providers) await link(page, provider, 'Bob Bellweather');
      expect(await page.getByRole('button', { name: /^Link / }).count()).toBe(0);
      await expectAccessible(page);
      await unlink(page, 'Facebook');
      await account(page, 'Facebook').getByText('Not linked yet').waitFor();
      expect((await readToken(page, 'facebook')).status).toBe(404);
      await account(page, 'X').getByText('Bob Bellweather').waitFor();
    }));

  it('are never unlinked to the last one, not even by a page that is out of date', async () => {
    const noor = { provider: at.x, persona: 'Noor' };
    await visit(
      async ({ page: stale }) => {
        await visit(async ({ page }) => {
          await signIn(page, baseUrl, noor);
          await link(page, at.facebook, 'Noor');
          await signIn(stale, baseUrl, noor);
          await unlink(page, 'Facebook');
          await account(page, 'Facebook').getByText('Not linked yet').waitFor();
          expect(await page.getByText('Unlink').count()).toBe(0);
        });
        await unlink(stale, 'X');
        await stale.getByRole('heading', { name: 'One way in has to stay' }).waitFor();
        await expectAccessible(stale);
        await stale.getByRole('link', { name: 'Home', exact: true }).click();
        await account(stale, 'X').waitFor();
      },
      { complaints: ['a status of 400'] },
    );
  });

  it('may do more after one more question, and show it at once', () =>
    visit(async ({ page }) => {
      await signIn(page, baseUrl, { provider: at.google, persona: ZOE });
      const scope = new URLSearchParams({ scope: CALENDAR }).toString();
      await page.goto(`${baseUrl}/auth/social/google/reauthorize?${scope}`);
      await page.getByRole('button', { name: ZOE }).click();
      await page.getByText('calendar.readonly').first().waitFor();
      await allow(page);
      await account(page, 'Google').getByText('calendar.readonly').waitFor();
      await account(page, 'Google').getByText('userinfo.email').waitFor();
      const { body } = await readToken(page, 'google');
      expect(String(body['scope']).split(' ')).toEqual(
        expect.arrayContaining(['openid', 'https://www.googleapis.com/auth/userinfo.email', CALENDAR]),
      );
    }));
});

describe('a person who gives less than is asked', () => {
  it.each([
    ['Google', at.google, 'and is renewed when asked for'],
    ['Facebook', at.facebook, 'renewed when asked for before then'],
    ['X, and no renewal', at.x, 'Only you can renew it.'],
  ])('keeps the address from us at %s', (_, provider, tokens) =>
    visit(async ({ page }) => {
      await signIn(page, baseUrl, { provider, persona: 'Uma Underhill' });
      await page.getByText('No e-mail address').waitFor();
      await account(page, provider.name).getByText(tokens).waitFor();
      const { body } = await readToken(page, provider.id);
      expect(body['scope']).not.toContain('email');
    }),
  );

  it('has a login and no name at GitHub, an address nowhere, and is nobody at WeCom', async () => {
    await visit(async ({ page }) => {
      await signIn(page, baseUrl, { provider: at.github, persona: 'Noor', heading: 'noor' });
      await page.getByText('No e-mail address').waitFor();
    });
    await visit(
      async ({ page }) => {
        await leaveFor(page, baseUrl, at.wecom);
        await agree(page, at.wecom, 'Noor');
        await page.getByText('Only members of the company are let in.').waitFor();
      },
      { complaints: ['a status of 403'] },
    );
  });
});

async function signInThroughLogto(page: Page, persona: string): Promise<void> {
  await page.goto(`${baseUrl}/sign-in`);
  await page.getByRole('link', { name: 'Continue with Logto' }).click();
  await page.getByRole('button', { name: persona }).click();
  await page.getByRole('heading', { name: persona }).waitFor();
}

async function readToken(
  page: Page,
  target: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await page.request.get(`${baseUrl}/api/my-account/identities/${target}/access-token`);
  return { status: answer.status(), body: (await answer.json()) as Record<string, unknown> };
}

async function userIdOf(page: Page): Promise<string> {
  const answer = await page.request.get(`${baseUrl}/api/me`);
  return ((await answer.json()) as { id: string }).id;
}
