import { FacebookConnector } from '../../../src/connectors/providers/facebook.connector.js';
import type { ConformanceSubject, ProviderAnswer } from '../../../src/testing.js';

const answers: Readonly<Record<string, ProviderAnswer>> = {
  '/v24.0/oauth/access_token': {
    json: { access_token: 'EAAconformance0access', token_type: 'bearer', expires_in: 5_183_944 },
  },
  '/v24.0/debug_token': { json: { data: { app_id: '4815162342', is_valid: true, expires_at: 0 } } },
  '/v24.0/me/permissions': { json: { data: [{ permission: 'public_profile', status: 'granted' }] } },
  '/v24.0/me': {
    json: {
      id: '10158213456789012',
      name: 'Ada Lovelace',
      email: 'ada@example.test',
      picture: { data: { url: 'https://pictures.example.test/ada', is_silhouette: false } },
    },
  },
};

export const facebook: ConformanceSubject = {
  connector: FacebookConnector,
  instance: {
    connectorId: 'facebook-universal',
    config: { clientId: '4815162342', clientSecret: 'facebook0secret' },
    enableTokenStorage: true,
  },
  provider: ({ url }) => answers[url.pathname],
  identity: {
    issuer: 'https://www.facebook.com/4815162342',
    subject: '10158213456789012',
    name: 'Ada Lovelace',
    email: 'ada@example.test',
    emailVerified: false,
    avatar: 'https://pictures.example.test/ada',
  },
  cancel: {
    error: 'access_denied',
    error_code: '200',
    error_description: 'Permissions error',
    error_reason: 'user_denied',
  },
  grantGone: {
    status: 400,
    json: {
      error: { message: 'Session has expired', type: 'OAuthException', code: 190, error_subcode: 463 },
    },
  },
};
