import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { json } from '../support/hostile-issuer-http.js';
import { CLIENT_SECRET, held, NOW, refusalOf, revealed } from '../support/round-trip.js';
import { drop, type Script } from '../support/scripted-provider.js';
import {
  APP_ID,
  appAt,
  connector,
  exchangeAt,
  facebookApp,
  graphError,
  inspected,
  LONG,
  proofOf,
  ROUTE,
  SHORT,
  tokens,
} from './facebook-app.js';

const facebook = facebookApp();
const store = () => exchangeAt(facebook.origin, true);
const stored = async () => revealed((await store()).tokenSet);
const refresh = () => connector.refresh(appAt(facebook.origin, true), held('long-token'));
const revoke = () => connector.revoke(appAt(facebook.origin, true), held('long-token'));

const warnings: string[] = [];
const quiet = () => undefined;

beforeEach(() => {
  warnings.length = 0;
  Logger.overrideLogger({
    log: quiet,
    error: quiet,
    warn: (message: unknown) => void warnings.push(String(message)),
  });
});

afterEach(() => void Logger.overrideLogger(true));

describe('a token of Facebook that the vault keeps', () => {
  it('Logto 2.7: is the long-lived one, with what the person has allowed', async () => {
    expect(await stored()).toEqual({
      accessToken: 'long-token',
      refreshToken: undefined,
      tokenType: 'Bearer',
      scope: ['public_profile'],
      expiresAt: NOW + 5_183_944,
    });
    expect(warnings).toEqual([]);
  });

  it('Logto 2.7: is traded for the short one, with the secret in the form', async () => {
    await store();
    const [, { form, query }] = facebook.requestsTo(ROUTE.token);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'fb_exchange_token',
      fb_exchange_token: 'short-token',
      client_id: APP_ID,
      client_secret: CLIENT_SECRET,
    });
    expect([...query]).toEqual([]);
  });

  it('asks in its own name who somebody is and what is allowed, with a proof of our secret', async () => {
    await store();
    for (const route of [ROUTE.me, ROUTE.permissions]) {
      const { query, headers } = facebook.requestTo(route);
      expect(query.get('appsecret_proof')).toBe(proofOf('long-token'));
      expect(headers.authorization).toBe('Bearer long-token');
    }
    expect(facebook.requestTo(ROUTE.inspection).query.get('input_token')).toBe('long-token');
  });

  it.each([
    ['ends when Facebook says so of the token', { expires_at: NOW + 99 }, NOW + 99],
    ['never ends where Facebook says 0 of the token', { expires_at: 0 }, undefined],
    ['never ends where Facebook says nothing at all', { expires_at: undefined }, undefined],
  ])('Logto 2.7: without expires_in %s', async (_, more, expiresAt) => {
    facebook.script({
      [ROUTE.token]: tokens(json(SHORT), json({ ...LONG, expires_in: undefined })),
      [ROUTE.inspection]: inspected(more),
    });
    expect(await stored()).toMatchObject({ accessToken: 'long-token', expiresAt });
  });

  const failures: [string, Script][] = [
    ['Facebook refuses', graphError(10)],
    ['Facebook is slowed down', graphError(4)],
    ['Facebook has a problem', json({}, 500)],
    ['the connection ends', drop],
    ['no token comes', json({ ...LONG, access_token: '' })],
  ];
  it.each(failures)('CE-16: is the short one with its true end where %s', async (_, answer) => {
    facebook.script({ [ROUTE.token]: tokens(json(SHORT), answer) });
    expect(await stored()).toMatchObject({ accessToken: 'short-token', expiresAt: NOW + 5183 });
    expect(facebook.requestsTo(ROUTE.token)).toHaveLength(2);
    expect(facebook.requestTo(ROUTE.me).query.get('appsecret_proof')).toBe(proofOf('short-token'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^one: .*\(connector\.\w+\)/);
    expect(warnings.join()).not.toContain('short-token');
  });

  it('is refused where Facebook says that it is of another application', async () => {
    facebook.script({ [ROUTE.inspection]: inspected({ app_id: '9876543210' }) });
    expect((await refusalOf(store())).code).toBe('connector.social_invalid_access_token');
    expect(facebook.requestsTo(ROUTE.me)).toEqual([]);
  });

  it('has no known scope where Facebook lists the permissions in another form', async () => {
    facebook.script({ [ROUTE.permissions]: json({ data: 'public_profile' }) });
    expect(await stored()).toMatchObject({ accessToken: 'long-token', scope: undefined });
  });

  it('is not asked for where the vault keeps none', async () => {
    await exchangeAt(facebook.origin);
    expect(facebook.requestsTo(ROUTE.token)).toHaveLength(1);
    expect(facebook.requestsTo(ROUTE.permissions)).toEqual([]);
  });
});

describe("Facebook's renewal of a living token", () => {
  it('gives the next one by the same trade', async () => {
    facebook.script({ [ROUTE.token]: json({ ...LONG, access_token: 'next-token' }) });
    expect(revealed(await refresh())).toMatchObject({
      accessToken: 'next-token',
      expiresAt: NOW + 5_183_944,
    });
    expect(facebook.requestTo(ROUTE.token).form.get('fb_exchange_token')).toBe('long-token');
  });

  it.each([458, 460, 463, 467])('CE-10: finds the grant gone by 190/%d, and asks once', async (subcode) => {
    facebook.script({ [ROUTE.token]: graphError(190, subcode, 'Error validating access token') });
    expect(await refusalOf(refresh())).toMatchObject({
      code: 'connector.grant_invalid',
      upstream: { code: `190/${subcode}`, description: 'Error validating access token' },
    });
    expect(facebook.requests).toHaveLength(1);
  });

  it.each([
    [1, 'connector.provider_unavailable'],
    [2, 'connector.provider_unavailable'],
    [4, 'connector.rate_limited'],
    [17, 'connector.rate_limited'],
    [32, 'connector.rate_limited'],
    [613, 'connector.rate_limited'],
    [101, 'connector.misconfigured'],
  ])('CE-12: never blames the grant for code %d, and asks once', async (number, code) => {
    facebook.script({ [ROUTE.token]: graphError(number) });
    expect((await refusalOf(refresh())).code).toBe(code);
    expect(facebook.requests).toHaveLength(1);
  });
});

describe("Facebook's revocation", () => {
  it('takes back all permissions, with a proof of our secret', async () => {
    await revoke();
    const { query, headers } = facebook.requestTo(ROUTE.revocation);
    expect(Object.fromEntries(query)).toEqual({ appsecret_proof: proofOf('long-token') });
    expect(headers.authorization).toBe('Bearer long-token');
  });

  it.each([
    ['a token that is over', graphError(190, 458), 'connector.social_invalid_access_token'],
    ['a limit', graphError(17), 'connector.rate_limited'],
    ['an outage', json({}, 503), 'connector.provider_unavailable'],
  ])('says why it is not done: %s', async (_, answer, code) => {
    facebook.script({ [ROUTE.revocation]: answer });
    expect((await refusalOf(revoke())).code).toBe(code);
    expect(facebook.requests).toHaveLength(1);
  });
});

describe("a check of the application's credentials at Facebook", () => {
  const check = () => connector.verifyCredentials(appAt(facebook.origin));

  it('passes where they get an application token', async () => {
    facebook.script({ [ROUTE.token]: json({ access_token: `${APP_ID}|app`, token_type: 'bearer' }) });
    await expect(check()).resolves.toBeUndefined();
    expect(facebook.requestTo(ROUTE.token).form.get('grant_type')).toBe('client_credentials');
  });

  it.each([
    ['the application is unknown', graphError(101)],
    ['the secret is wrong', graphError(1, undefined, 'Error validating client secret.')],
  ])('fails where %s', async (_, answer) => {
    facebook.script({ [ROUTE.token]: answer });
    expect((await refusalOf(check())).code).toBe('connector.misconfigured');
  });
});
