import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { Clock } from '../../src/common/clock.js';
import { HttpClient } from '../../src/common/http-client.js';
import { GenericOidcConnector } from '../../src/connectors/providers/oidc.connector.js';
import { json } from '../support/hostile-issuer-http.js';
import { signed, signingKey } from '../support/hostile-issuer-keys.js';
import { held, instanceOf } from '../support/round-trip.js';
import { scriptedProvider } from '../support/scripted-provider.js';

const http = new HttpClient();
afterAll(() => http.onApplicationShutdown());

/** OpenID Connect Core 12.2: what a new ID token has to agree with. */
describe('a refresh at an OpenID Connect provider whose answer carries an ID token', () => {
  const provider = scriptedProvider({});
  const connector = new GenericOidcConnector(http, new Clock());
  let claims: JWTPayload;

  beforeEach(async () => {
    const { origin: issuer } = provider;
    const key = await signingKey('ES256');
    const now = Math.floor(Date.now() / 1000);
    claims = { iss: issuer, sub: 'ann', aud: 'latchkey', iat: now, exp: now + 300 };
    const header = { alg: 'ES256', kid: key.kid };
    provider.script({
      'GET /.well-known/openid-configuration': json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      }),
      'GET /keys': json({ keys: [key.jwk] }),
      'POST /token': async () =>
        json({
          access_token: 'new',
          token_type: 'Bearer',
          expires_in: 300,
          id_token: await signed({ header }, claims, key.privateKey),
        }),
    });
  });

  const refresh = () => {
    const instance = instanceOf(connector, { issuer: provider.origin, clientId: 'latchkey' }, true);
    return connector.refresh(instance, held('old', 'r'), 'ann');
  };

  it('takes one that speaks of the same person', async () => {
    expect((await refresh()).accessToken.reveal()).toBe('new');
  });

  it.each([
    ['of another issuer (RR-18)', { iss: 'https://elsewhere.example' }],
    ['of another person (RR-19)', { sub: 'bob' }],
    ['for another client', { aud: 'somebody' }],
    ['that has expired', { exp: 1000 }],
  ])('refuses the whole answer with one %s', async (_, changed) => {
    claims = { ...claims, ...changed };
    await expect(refresh()).rejects.toMatchObject({ code: 'connector.invalid_response' });
  });
});
