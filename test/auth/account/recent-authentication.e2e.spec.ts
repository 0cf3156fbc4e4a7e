import { expect, it } from '@jest/globals';
import { HostileIssuer } from '../../support/hostile-issuer.js';
import { Stage } from '../../identities/stage.js';
import { Person } from './person.js';

/** Where somebody is sent whose sign-in through Logto lies too far back, and what Logto is asked there. */
async function signInAnew(prompt?: string) {
  const issuer = await HostileIssuer.start({ path: '/oidc' });
  const logto = { ...issuer.logto, prompt, signInParameters: ['prompt'] };
  const stage = await Stage.open({ auth: { logto, session: { recentAuthenticationSeconds: 60 } } });
  const person = new Person(stage);
  await person.browser.open(`${stage.url}/auth/sign-in`);
  stage.clock.advance(61);
  const { status, body } = await person.api('DELETE', '/my-account/identities/logto');
  const { authorization_url: url } = body['data'] as { authorization_url: string };
  const { pathname, searchParams } = new URL(
    (await person.browser.request(url)).headers.get('location') ?? '',
  );
  await stage.close();
  await issuer.close();
  return { status, url: url.replace(stage.url, ''), pathname, prompt: searchParams.get('prompt') };
}

it.each([
  [undefined, 'login consent'],
  ['login consent', 'login consent'],
  ['none', 'login'],
])(
  'whoever signed in through Logto is sent there, to be asked who they are (prompt=login; configured: %s)',
  async (configured, prompt) => {
    const query = new URLSearchParams({ return_to: '/', prompt }).toString();
    expect(await signInAnew(configured)).toEqual({
      status: 403,
      url: `/auth/sign-in?${query}`,
      pathname: expect.stringContaining('/oidc/') as unknown,
      prompt,
    });
  },
);
