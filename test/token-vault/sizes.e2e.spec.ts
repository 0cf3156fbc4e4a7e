import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createApplication, openStage, type Stage } from '../../src/conformance/stage.js';
import { sample } from '../conformance/subjects/sample.js';

let stage: Stage;
let accessToken: string;

beforeAll(async () => {
  const subject = {
    ...sample,
    instance: { ...sample.instance, enableTokenStorage: true },
    provider: (request: Parameters<typeof sample.provider>[0]) =>
      request.url.pathname === '/oauth/token'
        ? { json: { access_token: accessToken, token_type: 'bearer' } }
        : sample.provider(request),
  };
  stage = await openStage(subject, createApplication);
});

afterAll(() => stage.close());

it('of tokens that are too large to be kept lets their person in all the same, and keeps nothing (VC-16)', async () => {
  accessToken = 'x'.repeat(1_000_000);
  const cookie = await signIn();
  const me = await fetch(`${stage.url}/api/me`, { headers: { cookie } });
  expect(await me.json()).toMatchObject({ name: 'Ada' });
  const read = await fetch(`${stage.url}/api/my-account/identities/sample/access-token`, {
    headers: { cookie },
  });
  expect([read.status, await read.json()]).toMatchObject([
    404,
    { code: 'secrets.third_party_token_set.token_not_found' },
  ]);
});

it('of tokens of 16 kB is no matter (VC-16)', async () => {
  accessToken = 'y'.repeat(16 * 1024);
  const cookie = await signIn();
  const read = await fetch(`${stage.url}/api/my-account/identities/sample/access-token`, {
    headers: { cookie },
  });
  expect(await read.json()).toMatchObject({ access_token: accessToken });
});

async function signIn(): Promise<string> {
  const started = await fetch(`${stage.url}/auth/social/conformance`, { redirect: 'manual' });
  const state = new URL(started.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, code: 'x' }).toString();
  const headers = { cookie: cookiesOf(started) };
  return cookiesOf(
    await fetch(`${stage.url}/callback/conformance?${query}`, { redirect: 'manual', headers }),
  );
}

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
