import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handleAuthRoutes, withLogto, type LogtoExpressConfig } from '@logto/express';
import express from 'express';
import session from 'express-session';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Server } from 'node:http';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { Browser } from '../support/browser.js';
import { freePort } from '../support/ports.js';

const API = 'https://api.example.test';

/** What the application's front page shows of the person. */
interface Shown {
  readonly isAuthenticated: boolean;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly userInfo?: Readonly<Record<string, unknown>>;
  readonly accessToken?: string;
}

describe("Logto's own SDK for Express against the sandbox", () => {
  let sandbox: Sandbox;
  let application: { readonly url: string; readonly server: Server };
  const browser = new Browser();

  beforeAll(async () => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const client = { clientId: 'sdk-peer', clientSecret: 'known to the sandbox alone' };
    sandbox = await startSandbox({
      port: await freePort(),
      applicationUrl: 'http://localhost:1',
      clients: [
        { ...client, redirectUris: [`${url}/logto/sign-in-callback`], postLogoutRedirectUris: [url] },
      ],
    });
    application = await startApplication(port, {
      endpoint: sandbox.url,
      appId: client.clientId,
      appSecret: client.clientSecret,
      baseUrl: url,
      scopes: ['email', 'custom_data', 'read:things'],
      resources: [API],
      resource: API,
      getAccessToken: true,
      fetchUserInfo: true,
    });
    const page = await browser.open(`${url}/logto/sign-in`);
    await page.press('persona', 'alice');
  });

  afterAll(async () => {
    application.server.closeAllConnections();
    await new Promise((resolve) => application.server.close(resolve));
    await sandbox.close();
  });

  it('signs in and gets the claims of the ID token', async () => {
    const { isAuthenticated, claims } = await shown();
    expect(isAuthenticated).toBe(true);
    expect(claims).toMatchObject({
      iss: `${sandbox.url}/oidc`,
      aud: 'sdk-peer',
      name: 'Alice Arden',
      email: 'alice@example.test',
      email_verified: true,
    });
  });

  it('gets UserInfo of the same subject', async () => {
    const { claims, userInfo } = await shown();
    expect(userInfo).toMatchObject({ sub: claims?.['sub'], email: 'alice@example.test', custom_data: {} });
    expect(claims).not.toHaveProperty('custom_data');
  });

  it('is not asked who it is again while the session at Logto lasts', async () => {
    const page = await browser.open(`${application.url}/logto/sign-in`);
    expect(new URL(page.url).origin).toBe(application.url);
    expect((await shown()).isAuthenticated).toBe(true);
  });

  it("gets an access token for an API, signed with ES384 by one of the sandbox's published keys", async () => {
    const { claims, accessToken = '' } = await shown();
    const keys = createRemoteJWKSet(new URL(`${sandbox.url}/oidc/jwks`));
    const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
      issuer: `${sandbox.url}/oidc`,
      audience: API,
      algorithms: ['ES384'],
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('ES384');
    expect(payload).toMatchObject({ sub: claims?.['sub'], client_id: 'sdk-peer', scope: 'read:things' });
  });

  it('signs out at the application and at Logto', async () => {
    const page = await browser.open(`${application.url}/logto/sign-out`);
    expect(new URL(page.url).origin).toBe(application.url);
    expect(await shown()).toEqual({ isAuthenticated: false });
    const next = await browser.open(`${application.url}/logto/sign-in`);
    expect(next.html).toContain('name="persona"');
  });

  const shown = async (): Promise<Shown> =>
    (await browser.json(`${application.url}/`)).body as unknown as Shown;
});

/** A small application as Logto's guide for Express has it. */
async function startApplication(
  port: number,
  config: LogtoExpressConfig,
): Promise<{ url: string; server: Server }> {
  const app = express();
  app.use(session({ secret: 'a secret of the test', resave: false, saveUninitialized: false }));
  app.use(handleAuthRoutes(config));
  app.get('/', withLogto(config), (request, response) => void response.json(request.user));
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(port, 'localhost', () => resolve(listening));
  });
  return { url: config.baseUrl, server };
}
