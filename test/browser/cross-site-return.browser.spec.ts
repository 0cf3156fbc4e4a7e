import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBackend, type Backend } from '../support/backend.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { launchBrowser, newVisitor } from './visitor.js';

let issuer: HostileIssuer;
let backend: Backend;
let browser: Browser;

beforeAll(async () => {
  issuer = await HostileIssuer.start({ path: '/oidc' });
  [backend, browser] = await Promise.all([
    startBackend({ settings: { logto: issuer.logto } }),
    launchBrowser(),
  ]);
});

afterAll(async () => {
  await browser.close();
  await backend.close();
  await issuer.close();
});

it('signs in a person whose provider is another site, and keeps its own cookies from that site’s forms (SE-06)', async () => {
  const { context, page } = await newVisitor(browser);
  issuer.person = {
    sub: 'somebody',
    email: 'somebody@example.test',
    email_verified: true,
  };
  // 127.0.0.1 and localhost are two sites. The person presses a button there, so it is from there that they come back.
  issuer.bend({
    answers: {
      authorization: ({ headers }) => {
        const target = String(headers['location']).replaceAll('&', '&amp;');
        const body = `<!doctype html><a id="back" href="${target}">Allow</a>`;
        return { status: 200, headers: { 'content-type': 'text/html' }, body };
      },
    },
  });
  await page.goto(`${backend.url}/auth/sign-in`);
  expect(new URL(page.url()).hostname).toBe('127.0.0.1');
  await page.click('#back');
  await page.waitForURL(`${backend.url}/`);
  await page.getByText('somebody@example.test').first().waitFor();

  await page.goto(`${issuer.url}/jwks`);
  await page.evaluate(`
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: '${backend.url}/auth/sign-out' });
    document.body.append(form);
    form.submit();
  `);
  await page.waitForURL(`${backend.url}/auth/sign-out`);
  await page.goto(backend.url);
  await page.getByText('somebody@example.test').first().waitFor();
  await context.close();
});
