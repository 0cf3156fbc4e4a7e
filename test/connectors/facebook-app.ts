import { createHmac } from 'node:crypto';
import { HttpClient } from '../../src/common/http-client.js';
import { FacebookConnector } from '../../src/connectors/providers/facebook.connector.js';
import { json } from '../support/hostile-issuer-http.js';
import { callbackWith, CLIENT_SECRET, instanceOf, NOW, StoppedClock } from '../support/round-trip.js';
import { scriptedProvider, type Script } from '../support/scripted-provider.js';

export const APP_ID = '1234567890';

export const ROUTE = {
  token: 'POST /v24.0/oauth/access_token',
  inspection: 'GET /v24.0/debug_token',
  me: 'GET /v24.0/me',
  permissions: 'GET /v24.0/me/permissions',
  revocation: 'DELETE /v24.0/me/permissions',
} as const;

export const SHORT = { access_token: 'short-token', token_type: 'bearer', expires_in: 5183 };
export const LONG = { access_token: 'long-token', token_type: 'bearer', expires_in: 5_183_944 };

export const ME = {
  id: '10158',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  picture: { data: { height: 50, is_silhouette: false, url: 'https://pictures.example/10158', width: 50 } },
};

/** What `debug_token` says of a token. */
export const inspected = (more: Record<string, unknown> = {}) =>
  json({ data: { app_id: APP_ID, is_valid: true, expires_at: NOW + 7000, ...more } });

/** What the token endpoint says: to the exchange of a code, and to that of a short token. */
export const tokens =
  (short: Script, long: Script): Script =>
  async (request) => {
    const script = request.form.get('grant_type') === 'authorization_code' ? short : long;
    return typeof script === 'function' ? script(request) : script;
  };

/** https://developers.facebook.com/docs/graph-api/guides/error-handling */
export const graphError = (code: number, error_subcode?: number, message = 'Facebook says so.') =>
  json({ error: { message, type: 'OAuthException', code, error_subcode, fbtrace_id: 'A1b2' } }, 400);

export const connector = new FacebookConnector(new HttpClient(), new StoppedClock());

export const facebookApp = () =>
  scriptedProvider({
    [ROUTE.token]: tokens(json(SHORT), json(LONG)),
    [ROUTE.inspection]: inspected(),
    [ROUTE.me]: json(ME),
    [ROUTE.permissions]: json({
      data: [
        { permission: 'public_profile', status: 'granted' },
        { permission: 'email', status: 'declined' },
      ],
    }),
    [ROUTE.revocation]: json({ success: true }),
  });

export const appAt = (origin: string, enableTokenStorage = false) =>
  instanceOf(connector, { clientId: APP_ID, endpoint: origin, graphEndpoint: origin }, enableTokenStorage);

export const exchangeAt = (origin: string, enableTokenStorage = false) =>
  connector.exchange(appAt(origin, enableTokenStorage), callbackWith());

/** https://developers.facebook.com/docs/graph-api/guides/secure-requests */
export const proofOf = (token: string): string =>
  createHmac('sha256', CLIENT_SECRET).update(token).digest('hex');
