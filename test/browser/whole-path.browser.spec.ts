import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startSandboxed, type Sandboxed } from '../support/sandboxed.js';
import { expectAccessible } from './expect-accessible.js';
import { launchBrowser, newVisitor, type Visitor } from './visitor.js';

let stage: Sandboxed;
let browser: Browser;

beforeAll(async () => {
  [stage, browser] = await Promise.all([startSandboxed(), launchBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await stage.close();
});

it('takes a person from the front page through both ways of signing in, a renewed token and a link', async () => {
  const visitor = await newVisitor(browser);
  await signInThroughLogto(visitor.page, 'Alice Arden');
  await seeOneself(visitor.page, 'Alice Arden', 'alice@example.test');
  await signOut(visitor.page);
  await signInThroughGoogle(visitor.page, 'Alice Arden');
  await readTokenThroughItsEnd(visitor);
  await signOut(visitor.page);
  await signInThroughLogto(visitor.page, 'Bob Bellweather');
  await linkGoogle(visitor.page, 'Bob Bellweather');
  expect(visitor.complaints).toEqual([]);
  await visitor.context.close();
});

it('leads a person who cancels at the provider to a page with status 403 and a way on', async () => {
  const { context, page, complaints } = await newVisitor(browser);
  await openSignIn(page);
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  const answer = page.waitForResponse((response) => response.url().includes('/callback/google'));
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect((await answer).status()).toBe(403);
  await page.getByRole('heading', { name: 'No access was given' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Start again' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(complaints).toEqual([expect.stringContaining('the server responded with a status of 403')]);
  await context.close();
});

async function openSignIn(page: Page): Promise<void> {
  await page.goto(stage.backend.url);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expectAccessible(page);
}

/** Logto asks who it is: no session of an earlier person is left there. */
async function signInThroughLogto(page: Page, persona: string): Promise<void> {
  await openSignIn(page);
  await page.getByRole('link', { name: 'Continue with Logto' }).click();
  await page.getByText('The sandbox’s Logto').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: persona }).click();
  await page.getByRole('heading', { name: persona }).waitFor();
}

async function signInThroughGoogle(page: Page, persona: string): Promise<void> {
  await openSignIn(page);
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await allowAtGoogle(page, persona);
  await page.getByRole('heading', { name: persona }).waitFor();
}

async function allowAtGoogle(page: Page, persona: string): Promise<void> {
  await page.getByRole('heading', { name: 'Choose an account' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: persona }).click();
  await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Allow' }).click();
}

async function seeOneself(page: Page, name: string, email: string): Promise<void> {
  await expectAccessible(page);
  await page.getByRole('region', { name }).getByText(email).waitFor();
  await account(page, 'Logto').getByText(email).waitFor();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  expect(page.url()).toMatch(new RegExp(`^${stage.backend.url}/(\\?state=[^&]+)?$`));
  expect(await statusOf(page, '/api/me')).toBe(401);
}

const statusOf = async (page: Page, path: string): Promise<number> =>
  (await page.request.get(stage.backend.url + path)).status();

async function readTokenThroughItsEnd({ page }: Visitor): Promise<void> {
  await account(page, 'Google').getByText('Active').waitFor();
  const first = await readToken(page);
  expect(await askWhoItIs(page, first)).toMatchObject({ status: 200, email: 'alice@example.test' });
  await letAnHourPass(page);
  expect(await askWhoItIs(page, first)).toMatchObject({ status: 401 });
  const second = await readToken(page);
  expect(second).not.toBe(first);
  expect(await askWhoItIs(page, second)).toMatchObject({ status: 200, email: 'alice@example.test' });
  await page.goto(stage.backend.url);
  await account(page, 'Google').getByText('ends in 60 minutes, and is renewed').waitFor();
  await expectAccessible(page);
}

async function readToken(page: Page): Promise<string> {
  const answer = await page.request.get(`${stage.backend.url}/api/my-account/identities/google/access-token`);
  expect(answer.status()).toBe(200);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

async function askWhoItIs(page: Page, token: string): Promise<{ status: number; email?: string }> {
  const answer = await page.request.get(`${stage.sandbox.google.issuer}/v1/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { email } = (await answer.json()) as { email?: string };
  return { status: answer.status(), email };
}

async function letAnHourPass(page: Page): Promise<void> {
  await page.goto(stage.sandbox.url);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Let an hour pass' }).click();
  await page.getByText('1 hour ahead of everywhere else').waitFor();
}

async function linkGoogle(page: Page, persona: string): Promise<void> {
  await account(page, 'Google').getByText('Not linked yet').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Link Google' }).click();
  await allowAtGoogle(page, persona);
  await account(page, 'Google').getByText('Active').waitFor();
  await account(page, 'Logto').waitFor();
  expect(await page.getByRole('button', { name: 'Link Google' }).count()).toBe(0);
  await expectAccessible(page);
}

const account = (page: Page, provider: string) =>
  page.getByRole('region', { name: 'Linked accounts' }).getByRole('listitem').filter({ hasText: provider });
