import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page, Request } from 'playwright-core';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { startSandboxed, type Sandboxed } from '../support/sandboxed.js';
import { allow } from './connectors-steps.js';
import { expectAccessible } from './expect-accessible.js';
import { launchBrowser, newVisitor, type Visitor } from './visitor.js';

let stage: Sandboxed;
let browser: Browser;
let baseUrl: string;

beforeAll(async () => {
  [stage, browser] = await Promise.all([startSandboxed({ connectors: prompting }), launchBrowser()]);
  baseUrl = stage.backend.url;
});

afterAll(async () => {
  await browser.close();
  await stage.close();
});

const prompting = ({ google, connectors }: Sandbox) =>
  connectors.map((connector) =>
    connector.id === 'google'
      ? { ...connector, config: { ...google, oneTap: { isEnabled: true, autoSelect: true } } }
      : connector,
  );

it('signs in whom the person chooses at the prompt, with one click and once', () =>
  visit(async ({ page, complaints }) => {
    await page.goto(`${baseUrl}/sign-in`);
    const posted = page.waitForRequest((request) => request.method() === 'POST' && isOurs(request));
    await choose(page, 'Alice Arden');
    await page.getByRole('heading', { level: 1, name: 'Alice Arden' }).waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);

    const { url, form } = formOf(await posted);
    const again = await page.request.post(url, { form, headers: { origin: baseUrl }, maxRedirects: 0 });
    expect([again.status(), await again.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'auth.state_invalid' }),
    ]);
  }));

it('leads on to where the person was going', () =>
  visit(async ({ page }) => {
    await page.goto(`${baseUrl}/sign-in?return_to=/api/me`);
    await choose(page, 'Uma Underhill');
    await page.waitForURL(`${baseUrl}/api/me`);
    await page.getByText('uma@example.test').waitFor();
  }));

it('chooses by itself whom the person chose before, where that is switched on, but not after a sign-out', () =>
  visit(async ({ page, context, complaints }) => {
    await page.goto(`${baseUrl}/sign-in`);
    await choose(page, 'Alice Arden');
    await page.getByRole('heading', { level: 1, name: 'Alice Arden' }).waitFor();
    await context.clearCookies({ name: 'latchkey' });
    await page.goto(`${baseUrl}/sign-in`);
    await page.getByRole('heading', { level: 1, name: 'Alice Arden' }).waitFor();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await choose(page, 'Alice Arden');
    await page.getByRole('heading', { level: 1, name: 'Alice Arden' }).waitFor();
    expect(complaints).toEqual([]);
  }));

it('goes away when the person closes it or cancels, and leaves a page that works', () =>
  visit(async ({ page, complaints }) => {
    await page.goto(`${baseUrl}/sign-in`);
    await choose(page, 'Carla Calloway');
    await prompt(page).waitFor({ state: 'detached' });
    await page.reload();
    await prompt(page).waitFor();
    await page.keyboard.press('Escape');
    await prompt(page).waitFor({ state: 'detached' });
    await expectAccessible(page);
    await signInByRedirect(page, 'Alice Arden');
    expect(complaints).toEqual([]);
  }));

it('is not needed: the page works where its script does not load (OT-15)', () =>
  visit(async ({ page, context, complaints }) => {
    await context.route('**/gsi/client', (route) => route.abort());
    await page.goto(`${baseUrl}/sign-in`);
    await expectAccessible(page);
    await signInByRedirect(page, 'Bob Bellweather');
    expect(complaints).toEqual([expect.stringContaining('net::ERR_FAILED')]);
  }));

it('may open a window that finds its way back, which no other page may (OT-15)', () =>
  visit(async ({ page }) => {
    const answer = await page.goto(`${baseUrl}/sign-in`);
    expect(answer?.headers()['cross-origin-opener-policy']).toBe('same-origin-allow-popups');
    expect(await canBeReachedByItsWindow(page)).toBe(true);
    await page.goto(baseUrl);
    expect(await canBeReachedByItsWindow(page)).toBe(false);
  }));

async function visit(walk: (visitor: Visitor) => Promise<void>): Promise<void> {
  const visitor = await newVisitor(browser);
  await walk(visitor);
  await visitor.context.close();
}

const prompt = (page: Page) => page.getByRole('dialog', { name: 'Google' });

const choose = (page: Page, persona: string) => prompt(page).getByRole('button', { name: persona }).click();

async function signInByRedirect(page: Page, persona: string): Promise<void> {
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await page.getByRole('button', { name: persona }).click();
  await allow(page);
  await page.getByRole('heading', { level: 1, name: persona }).waitFor();
}

const isOurs = (request: Request): boolean => new URL(request.url()).origin === baseUrl;

function formOf(request: Request): { url: string; form: Record<string, string> } {
  const form = Object.fromEntries(new URLSearchParams(request.postData() ?? ''));
  expect(Object.keys(form).sort()).toEqual(['credential', 'g_csrf_token', 'select_by']);
  return { url: request.url(), form };
}

/** Whether a window of the provider's that a page opens knows who has opened it. */
async function canBeReachedByItsWindow(page: Page): Promise<boolean> {
  const [opened] = await Promise.all([
    page.waitForEvent('popup'),
    page.evaluate(`void window.open('${stage.sandbox.url}')`),
  ]);
  await opened.getByRole('heading', { name: 'The sandbox is running' }).waitFor();
  const isKnown = await opened.evaluate('window.opener !== null');
  await opened.close();
  return isKnown === true;
}
