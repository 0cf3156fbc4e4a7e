import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/index.js';
import { startApplication } from './application.js';

describe('an application does not start', () => {
  const secret = 'do not repeat';
  const logto = { endpoint: 'http://localhost:1', appId: 'a', appSecret: 'b' };
  const bad: readonly [string, object][] = [
    ['baseUrl', { baseUrl: `http://localhost:1/${secret}` }],
    ['sessionSecret', { sessionSecret: secret }],
    ['sessionSecret', { sessionSecret: [] }],
    ['sessionSecret', { sessionSecret: ['a good secret of thirty-two letters and more', secret] }],
    ['logto.endpoint', { logto: { ...logto, endpoint: `${secret}/oidc` } }],
    ['logto.appId', { logto: { ...logto, appId: '' } }],
    ['logto.appSecret', { logto: { ...logto, appSecret: undefined } }],
    ['logto.scopes', { logto: { ...logto, scopes: [secret] } }],
    ['logto.resources', { logto: { ...logto, resources: [secret] } }],
    ['logto.audience', { logto: { ...logto, audience: secret } }],
    ['logto.audience', { logto: { ...logto, audience: [`https://a.test/#${secret}`] } }],
    ['logto.prompt', { logto: { ...logto, prompt: secret } }],
    ['logto.prompt', { logto: { ...logto, prompt: 'none consent' } }],
    ['logto.maxAgeSeconds', { logto: { ...logto, maxAgeSeconds: -1 } }],
    ['logto.acrValues', { logto: { ...logto, acrValues: [secret] } }],
    ['logto.signInParameters', { logto: { ...logto, signInParameters: [secret] } }],
    ['session.absoluteLifetimeSeconds', { session: { absoluteLifetimeSeconds: 0 } }],
    ['session.idleLifetimeSeconds', { session: { idleLifetimeSeconds: 59.5 } }],
    ['cookies.name', { cookies: { name: secret } }],
    ['cookies.name', { cookies: { name: '__Host-x' } }],
    ['cookies.sameSite', { cookies: { sameSite: secret } }],
    ['returnToOrigins', { returnToOrigins: [secret] }],
    ['returnToOrigins', { returnToOrigins: ['https://app.example.test/'] }],
    ['afterSignIn', { afterSignIn: `//${secret}` }],
    ['afterSignIn', { afterSignIn: 'https://evil.test/' }],
    ['afterSignOut', { afterSignOut: '/\\evil.test' }],
    ['paths.auth', { paths: { auth: `/${secret}/` } }],
    ['paths.callback', { paths: { callback: '' } }],
    ['paths.api', { paths: { api: 'a/../b' } }],
    ['paths.api', { paths: { api: ':id' } }],
  ];

  it.each(bad)('with a bad %s, which is named, and whose value is not', async (name, options) => {
    const failure: unknown = await startApplication({ logto, auth: options }).then(
      (started) => started.close(),
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(new RegExp(`AuthModule: ${name.replaceAll('.', '\\.')}(\\.\\d+)? `));
    expect(String(failure)).not.toContain(secret);
  });
});
