import { jest } from '@jest/globals';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';

declare const CHROMIUM_PATH: string;

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
/** Of one step, and of a test of many. */
const TIME_LIMIT_MILLISECONDS = 60_000;
jest.setTimeout(4 * TIME_LIMIT_MILLISECONDS);
/** Where the sandbox says that the pictures of its people are; no such hosts exist. */
const PICTURES = 'https://*.example.test/**';
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1H0z"/></svg>';

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM_PATH, args: ARGUMENTS, timeout: TIME_LIMIT_MILLISECONDS });

/** Somebody with a browser profile of their own. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about on any page: refused by a policy, failed to load, thrown. */
  readonly complaints: string[];
}

export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIME_LIMIT_MILLISECONDS);
  await context.route(PICTURES, (route) => route.fulfill({ contentType: 'image/svg+xml', body: PICTURE }));
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  return { context, page: await context.newPage(), complaints };
}
