import { json, type TextReply } from '../support/hostile-issuer-http.js';
import type { Bends } from '../support/hostile-issuer.js';

/**
 * What a Logto answers, by the names, types and statuses of its fields (core 1.42, observed on 2026-11-21). The values
 * are made up.
 */

const HOUR_SECONDS = 3600;

/** Beside the endpoints, which are the issuer's own. */
const metadata = (issuer: string) => ({
  device_authorization_endpoint: `${issuer}/device/auth`,
  pushed_authorization_request_endpoint: `${issuer}/request`,
  introspection_endpoint: `${issuer}/token/introspection`,
  claims_parameter_supported: false,
  request_uri_parameter_supported: false,
  authorization_response_iss_parameter_supported: true,
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  claims_supported: ['sub', 'name', 'picture', 'email', 'email_verified', 'roles', 'sid', 'auth_time', 'iss'],
  claim_types_supported: ['normal'],
  code_challenge_methods_supported: ['S256'],
  grant_types_supported: ['implicit', 'authorization_code', 'refresh_token', 'client_credentials'],
  id_token_signing_alg_values_supported: ['ES384'],
  response_modes_supported: ['form_post', 'fragment', 'query'],
  response_types_supported: ['code id_token', 'code', 'id_token', 'none'],
  scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'roles'],
  subject_types_supported: ['public'],
  token_endpoint_auth_methods_supported: [
    'client_secret_basic',
    'client_secret_jwt',
    'client_secret_post',
    'private_key_jwt',
    'none',
  ],
  token_endpoint_auth_signing_alg_values_supported: ['HS256', 'RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'],
});

/** Times are milliseconds here, and a picture that is missing is null. */
export const profile = {
  name: 'Noor Okafor',
  preferred_username: 'noor',
  username: 'noor',
  picture: null,
  email: 'noor@example.test',
  email_verified: true,
  updated_at: 1_790_000_000_123,
  created_at: 1_780_000_000_456,
};

const linked = { id: 'at-elsewhere', name: 'Noor', email: 'noor@elsewhere.example.test' };

/** UserInfo says more than the ID token. */
const userInfo = {
  ...profile,
  identities: { elsewhere: { userId: linked.id, details: { ...linked, rawData: linked } } },
  sso_identities: [],
};

const charset = 'application/json; charset=utf-8';

const changed = (good: TextReply, changes: object, type = charset): TextReply => ({
  ...json({ ...(JSON.parse(good.body) as object), ...changes }),
  headers: { 'content-type': type, 'cache-control': 'no-store' },
});

/** An issuer that answers as Logto does where nothing is wrong. */
export const asLogto: Bends = {
  claims: (claims) => {
    Reflect.deleteProperty(claims, 'at_hash');
    Object.assign(claims, profile, { auth_time: claims.iat });
  },
  answers: {
    discovery: (good) => changed(good, metadata((JSON.parse(good.body) as { issuer: string }).issuer)),
    jwks: (good) => changed(good, {}, 'application/jwk-set+json; charset=utf-8'),
    userinfo: (good) => changed(good, userInfo),
    revocation: () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '' }),
  },
};

/** Logto's own code and words stand beside those of OAuth. */
const refusal = (
  status: number,
  error: string,
  rest: Record<string, string> = {},
  challenge?: string,
): TextReply => ({
  status,
  headers: {
    'content-type': charset,
    'cache-control': 'no-store',
    ...(challenge !== undefined && { 'www-authenticate': challenge }),
  },
  body: JSON.stringify({
    code: `oidc.${error}`,
    message: 'Words of Logto.',
    error,
    error_description: 'words of the protocol',
    ...rest,
  }),
});

const challenged = (scheme: string, error?: string): string =>
  `${scheme} realm="https://logto.example.test/oidc"${error ? `, error="${error}", error_description="words"` : ''}`;

export const refusals = {
  grant: refusal(400, 'invalid_grant', { error_uri: 'https://logto.example.test/debug/invalid_grant' }),
  client: refusal(401, 'invalid_client', {}, challenged('Basic', 'invalid_client')),
  request: refusal(400, 'invalid_request'),
  token: refusal(401, 'invalid_token', {}, challenged('Bearer', 'invalid_token')),
  noToken: refusal(401, 'invalid_token', {}, challenged('Bearer')),
} as const;

/** The callback of a request that Logto refuses: `error`, `error_description`, `state` and `iss`. */
export const refusedBy =
  (error: string): Bends['callback'] =>
  (parameters) => {
    parameters.delete('code');
    parameters.set('error', error);
    parameters.set('error_description', 'words of the protocol');
  };

/** A renewal, with a rotated refresh token and an ID token of its own. */
export const renewal = (idToken: string): TextReply =>
  json({
    access_token: 'a renewed access token',
    expires_in: HOUR_SECONDS,
    id_token: idToken,
    refresh_token: 'a rotated refresh token',
    scope: 'openid profile email offline_access',
    token_type: 'Bearer',
  });
