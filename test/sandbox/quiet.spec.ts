import { expect, it, jest } from '@jest/globals';
import * as client from 'openid-client';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

/** Alone in its file: oidc-provider speaks when it is loaded, and once per notice. */
it('prints nothing, whatever a sign-in calls upon', async () => {
  const printed: unknown[] = [];
  for (const level of ['log', 'info', 'warn', 'error'] as const) {
    jest.spyOn(console, level).mockImplementation((...words) => void printed.push(words));
  }
  const sandbox = await startSandbox({ port: 0, applicationUrl });
  const logto = await RelyingParty.ofLogto(sandbox);
  const tokens = await logto.signIn('alice', { resource: 'https://api.example.test/' });
  await client.refreshTokenGrant(logto.configuration, tokens.refresh_token ?? '');
  await client.tokenIntrospection(logto.configuration, tokens.access_token);
  await client.tokenRevocation(logto.configuration, tokens.access_token);
  for (const path of ['/oidc/session/end', '/oidc/auth', '/oidc/nowhere', '/oidc/auth/unknown']) {
    await fetch(`${sandbox.url}${path}`, { headers: { accept: 'text/html', origin: applicationUrl } });
  }
  await sandbox.close();
  jest.restoreAllMocks();
  expect(printed).toEqual([]);
});
