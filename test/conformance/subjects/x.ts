import { XConnector } from '../../../src/connectors/providers/x.connector.js';
import type { ConformanceSubject, ProviderAnswer } from '../../../src/testing.js';

const answers: Readonly<Record<string, ProviderAnswer>> = {
  '/2/oauth2/token': {
    json: {
      access_token: 'x0conformance0access',
      refresh_token: 'x0conformance0refresh',
      token_type: 'bearer',
      expires_in: 7200,
      scope: 'users.read users.email tweet.read offline.access',
    },
  },
  '/2/users/me': {
    json: {
      data: {
        id: '2244994945',
        name: 'Ada',
        username: 'ada',
        confirmed_email: 'ada@example.test',
        profile_image_url: 'https://pictures.example.test/ada.jpg',
      },
    },
  },
};

export const x: ConformanceSubject = {
  connector: XConnector,
  instance: {
    connectorId: 'x-universal',
    config: { clientId: 'conformance', clientSecret: 'x0secret' },
    enableTokenStorage: true,
  },
  provider: ({ url }) => answers[url.pathname],
  identity: {
    issuer: 'https://x.com',
    subject: '2244994945',
    name: 'Ada',
    username: 'ada',
    email: 'ada@example.test',
    emailVerified: true,
    avatar: 'https://pictures.example.test/ada.jpg',
  },
  grantGone: {
    status: 400,
    json: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
  },
};
