import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { platforms } from '../support/backend.js';
import { json, serve, type HttpServer } from '../support/hostile-issuer-http.js';
import { saysAlso } from './conformance-case.js';
import { LOGTO, Stage } from './stage.js';

describe.each(platforms)('who somebody is, on %s', (platform) => {
  let stage: Stage;
  let elsewhere: HttpServer;
  let asked = 0;

  beforeAll(async () => {
    stage = await Stage.open(platform);
    elsewhere = await serve(async () => {
      asked += 1;
      return json({ email: 'distributed@example.test' });
    });
  });

  afterAll(async () => {
    await stage.close();
    await elsewhere.close();
  });

  const without = (...names: string[]) => ({
    claims: (token: JWTPayload) => names.forEach((name) => Reflect.deleteProperty(token, name)),
  });

  it('is told by UserInfo where the ID token is silent (UI-08)', async () => {
    const profile = {
      name: 'Ada Zoë 李',
      username: 'ada',
      email: 'ada@example.test',
      email_verified: true,
      picture: 'https://pictures.example.test/ada.png',
    };
    const { browser } = await stage.accepts(LOGTO, {
      ...without('email', 'email_verified'),
      answers: { userinfo: saysAlso(profile) },
    });
    const { body } = await browser.json(`${stage.backend.url}/api/me`);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{12}$/),
      name: profile.name,
      email: profile.email,
      emailVerified: true,
      avatar: profile.picture,
    });
  });

  it.each([
    ['an address without a word about its proof', { email: 'a@example.test', email_verified: undefined }],
    ['an address whose proof is text', { email: 'a@example.test', email_verified: 'true' }],
    ['an address that is not proved', { email: 'a@example.test', email_verified: false }],
  ])('has no proved address by %s (UI-08)', async (_, profile) => {
    const { browser } = await stage.accepts(LOGTO, { answers: { userinfo: saysAlso(profile) } });
    const { body } = await browser.json(`${stage.backend.url}/api/me`);
    expect([body['email'], body['emailVerified']]).toEqual(['a@example.test', false]);
  });

  it('is never asked of a third party that the answer names (UI-10)', async () => {
    const sources = {
      _claim_names: { email: 'src1', name: 'src2' },
      _claim_sources: {
        src1: { endpoint: `${elsewhere.origin}/claims`, access_token: 'distributed' },
        src2: { JWT: 'e30.e30.' },
      },
    };
    const { browser } = await stage.accepts(LOGTO, {
      claims: (token) => void Object.assign(token, sources),
      answers: { userinfo: saysAlso(sources) },
    });
    expect(asked).toBe(0);
    const { body } = await browser.json(`${stage.backend.url}/api/me`);
    expect(body['email']).not.toBe('distributed@example.test');
    // The listener does count.
    await fetch(`${elsewhere.origin}/claims`);
    expect(asked).toBe(1);
    asked = 0;
  });
});
