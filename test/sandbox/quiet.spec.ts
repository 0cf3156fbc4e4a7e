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
  await client.clientCredentialsGrant(
    await client.discovery(
      new URL(`${sandbox.url}/oidc`),
      sandbox.machine.clientId,
      sandbox.machine.clientSecret,
      undefined,
      { execute: [client.allowInsecureRequests] },
    ),
    { resource: 'https://api.example.test/' },
  );
  const scope = 'urn:logto:scope:organizations';
  const { refresh_token: refreshToken } = await logto.signInFor('alice', scope);
  await logto.refresh(refreshToken, { organization_id: 'k3v9xq27mz0a' });
  await sandbox.endLogtoSessions('alice');
  await sandbox.rotateLogtoKeys();
  for (const path of ['/oidc/session/end', '/oidc/auth', '/oidc/nowhere', '/oidc/auth/unknown']) {
    await fetch(`${sandbox.url}${path}`, { headers: { accept: 'text/html', origin: applicationUrl } });
  }
  await sandbox.close();
  jest.restoreAllMocks();
  expect(printed).toEqual([]);
});
