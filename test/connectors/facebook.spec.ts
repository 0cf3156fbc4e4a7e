import { describe, expect, it } from '@jest/globals';
import { json } from '../support/hostile-issuer-http.js';
import { profileFaults, tokenFaults, withRows } from '../support/provider-faults.js';
import {
  callbackWith,
  CLIENT_SECRET,
  CODE_CHALLENGE,
  instanceOf,
  NOW,
  refusalOf,
  REQUEST,
  revealed,
} from '../support/round-trip.js';
import { hang } from '../support/scripted-provider.js';
import {
  APP_ID,
  appAt,
  connector,
  exchangeAt,
  facebookApp,
  graphError,
  inspected,
  ME,
  proofOf,
  ROUTE,
  SHORT,
} from './facebook-app.js';

const facebook = facebookApp();
const exchange = () => exchangeAt(facebook.origin);
const identity = async () => (await exchange()).identity;

describe("Facebook's authorization request", () => {
  const query = async (config: Record<string, unknown>, request: Partial<typeof REQUEST> = {}) => {
    const instance = instanceOf(connector, { clientId: APP_ID, ...config });
    const url = await connector.authorizationUrl(instance, { ...REQUEST, ...request });
    return Object.fromEntries(url.searchParams);
  };

  // Beside Logto's parameters there is PKCE, the version is one that Facebook still serves, and the order says nothing.
  it('Logto 2.1 row 1: asks for address and profile by default, with PKCE', async () => {
    const url = await connector.authorizationUrl(instanceOf(connector, { clientId: APP_ID }), REQUEST);
    expect(url.origin + url.pathname).toBe('https://www.facebook.com/v24.0/dialog/oauth');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: APP_ID,
      redirect_uri: REQUEST.redirectUri,
      response_type: 'code',
      state: REQUEST.state,
      scope: 'email,public_profile',
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  it('goes to the configured version', async () => {
    const instance = instanceOf(connector, { clientId: APP_ID, graphVersion: 'v25.0' });
    const url = await connector.authorizationUrl(instance, REQUEST);
    expect(url.pathname).toBe('/v25.0/dialog/oauth');
  });

  it.each([
    ['replaces the default', 'user_birthday email', 'user_birthday,email'],
    ['asks for none when it is empty', '', undefined],
  ])('Logto 2.7: a configured scope %s', async (_, scope, asked) => {
    expect((await query({ scope }))['scope']).toBe(asked);
  });

  it('Logto 2.7: adds the scopes of a request, and asks again for what was declined once', async () => {
    expect(await query({}, { scope: ['user_photos'] })).toMatchObject({
      scope: 'email,public_profile,user_photos',
      auth_type: 'rerequest',
    });
    expect(await query({}, { consent: true })).toMatchObject({ auth_type: 'rerequest' });
  });
});

describe('a code of Facebook', () => {
  it('Logto 2.1 row 2: becomes an access token that expires by our clock', async () => {
    expect(revealed((await exchange()).tokenSet)).toEqual({
      accessToken: 'short-token',
      refreshToken: undefined,
      tokenType: 'Bearer',
      scope: undefined,
      expiresAt: NOW + 5183,
    });
  });

  it('is spent with verifier and secret in the form and in no address', async () => {
    await exchange();
    expect(Object.fromEntries(facebook.requestTo(ROUTE.token).form)).toEqual({
      client_id: APP_ID,
      client_secret: CLIENT_SECRET,
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: REQUEST.redirectUri,
      code_verifier: REQUEST.codeVerifier,
    });
    expect(facebook.addresses.join()).not.toContain(CLIENT_SECRET);
  });

  it('may bring no lifetime, which Facebook then tells about the token', async () => {
    facebook.script({ [ROUTE.token]: json({ ...SHORT, expires_in: undefined }) });
    expect((await exchange()).tokenSet).toMatchObject({ expiresAt: NOW + 7000 });
  });

  // Row 3: Logto says of an empty access token that the code is wrong.
  it.each(withRows(tokenFaults(SHORT), { 'CE-37: an empty access_token': '2.1 row 3' }))(
    'is spent once, whatever comes of it: %s',
    async (_, answer, code) => {
      facebook.script({ [ROUTE.token]: answer });
      expect((await refusalOf(exchange())).code).toBe(code);
      expect(facebook.requests).toHaveLength(1);
    },
  );

  it.each([
    ['an expired code', graphError(100, 36007), 'connector.social_auth_code_invalid', '100/36007'],
    ['a used code', graphError(100, 36009), 'connector.social_auth_code_invalid', '100/36009'],
    ['an unknown application', graphError(101), 'connector.misconfigured', '101'],
    [
      'a wrong secret',
      graphError(1, undefined, 'Error validating client secret.'),
      'connector.misconfigured',
      '1',
    ],
    ['CE-12: code 1', graphError(1), 'connector.provider_unavailable', '1'],
    ['CE-12: code 2', graphError(2), 'connector.provider_unavailable', '2'],
    ['CE-12: code 4', graphError(4), 'connector.rate_limited', '4'],
    ['CE-12: code 17', graphError(17), 'connector.rate_limited', '17'],
    ['CE-12: code 32', graphError(32), 'connector.rate_limited', '32'],
    ['CE-12: code 613', graphError(613), 'connector.rate_limited', '613'],
  ])('is refused with a reason for administrators: %s', async (_, answer, code, own) => {
    facebook.script({ [ROUTE.token]: answer });
    const { upstream, ...refusal } = await refusalOf(exchange());
    expect(refusal).toMatchObject({ code });
    expect(facebook.requests).toHaveLength(1);
    expect(upstream).toMatchObject({ code: own });
  });
});

describe('a person of Facebook', () => {
  // The address is not verified: Facebook says of none that it is.
  it('Logto 2.1 row 4: is who the profile says', async () => {
    expect(await identity()).toEqual({
      issuer: `${facebook.origin}/${APP_ID}`,
      subject: '10158',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      emailVerified: false,
      avatar: 'https://pictures.example/10158',
      rawData: ME,
    });
    const { query, headers } = facebook.requestTo(ROUTE.me);
    expect(Object.fromEntries(query)).toEqual({
      fields: 'id,name,email,picture',
      appsecret_proof: proofOf('short-token'),
    });
    expect(headers.authorization).toBe('Bearer short-token');
  });

  it('CE-14: may have no address, no name and no picture', async () => {
    facebook.script({ [ROUTE.me]: json({ id: '10158' }) });
    expect(await identity()).toMatchObject({
      subject: '10158',
      email: undefined,
      emailVerified: false,
      avatar: undefined,
    });
  });

  it.each([[null], [undefined], [0], [''], ['null'], [10158]])(
    'AL-08: is nobody with the id %j',
    async (id) => {
      facebook.script({ [ROUTE.me]: json({ ...ME, id }) });
      expect((await refusalOf(exchange())).code).toBe('connector.invalid_response');
    },
  );

  // A 400 speaks of the token where its code says so, and not because it is a 400.
  it.each([
    ['Logto 2.1 row 5: a refused token', graphError(190, 463), 'connector.social_invalid_access_token'],
    ['Logto 2.1 row 5: a refused request', graphError(100), 'connector.invalid_response'],
    ['CE-12: code 2', graphError(2), 'connector.provider_unavailable'],
    ['CE-12: code 4', graphError(4), 'connector.rate_limited'],
    ['CE-12: code 613', graphError(613), 'connector.rate_limited'],
    ...withRows(profileFaults, { '500': '2.1 row 8' }),
  ])('is not known by %s', async (_, answer, code) => {
    facebook.script({ [ROUTE.me]: answer });
    expect((await refusalOf(exchange())).code).toBe(code);
    expect(facebook.requestsTo(ROUTE.me)).toHaveLength(1);
  });

  it("keeps Facebook's own words about a refusal, without what could be a token", async () => {
    const message = 'Malformed access token EAABwzLixnjYBO7ZC0ZAn8';
    facebook.script({ [ROUTE.me]: graphError(190, 467, message) });
    expect((await refusalOf(exchange())).upstream).toEqual({
      status: 400,
      code: '190/467',
      description: 'Malformed access token [redacted]',
    });
  });

  it('Logto 2.7: is waited for no longer than five seconds, and asked for once', async () => {
    facebook.script({ [ROUTE.me]: hang });
    expect((await refusalOf(exchange())).code).toBe('connector.provider_timeout');
    expect(facebook.requestsTo(ROUTE.me)).toHaveLength(1);
  });
});

describe("Facebook's word about a token", () => {
  it('is asked for in the name of our application, with no secret in the address', async () => {
    await exchange();
    const { query, headers } = facebook.requestTo(ROUTE.inspection);
    expect(Object.fromEntries(query)).toEqual({ input_token: 'short-token' });
    expect(headers.authorization).toBe(`Bearer ${APP_ID}|${CLIENT_SECRET}`);
  });

  it.each([
    ['of another application', { app_id: '9876543210' }, 'connector.social_invalid_access_token'],
    ['of no application', { app_id: undefined }, 'connector.invalid_response'],
    ['that is not valid', { is_valid: false }, 'connector.social_invalid_access_token'],
    ['that is valid in words only', { is_valid: 'true' }, 'connector.invalid_response'],
    ['of which nothing is said', { is_valid: undefined }, 'connector.invalid_response'],
  ])('refuses one %s before anybody asks whose it is', async (_, more, code) => {
    facebook.script({ [ROUTE.inspection]: inspected(more) });
    expect((await refusalOf(exchange())).code).toBe(code);
    expect(facebook.requestsTo(ROUTE.me)).toEqual([]);
  });
});

describe('a callback of Facebook', () => {
  const denied = {
    error: 'access_denied',
    error_description: 'Permissions error',
    error_reason: 'user_denied',
  };
  const refusal = (parameters: Record<string, string>) =>
    refusalOf(connector.exchange(appAt(facebook.origin), callbackWith(parameters)));

  // In a browser everything is text, error_code too, which Logto takes for another form of answer.
  it.each([
    ['Logto 2.1 row 6: with error_code', { ...denied, error_code: '200' }],
    ['Logto 2.7: without error_code', denied],
  ])('that says no is a cancelled sign-in, %s', async (_, parameters) => {
    expect((await refusal(parameters)).code).toBe('auth.access_denied');
    expect(facebook.requests).toEqual([]);
  });

  it.each([
    ['Logto 2.1 row 7: another error', { ...denied, error: 'something_else', error_code: '1349187' }],
    ['an error in words of its own', { error_code: '1349187', error_message: 'App not set up' }],
  ])('cannot be used with %s', async (_, parameters) => {
    const { code, message } = await refusal(parameters);
    expect(code).toBe('auth.callback_invalid');
    expect(message).not.toMatch(/Permissions|App not set up/);
    expect(facebook.requests).toEqual([]);
  });
});
