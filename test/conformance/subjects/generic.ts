import { GenericOAuth2Connector } from '../../../src/connectors/providers/oauth2.connector.js';
import { GenericOidcConnector } from '../../../src/connectors/providers/oidc.connector.js';
import type { ConformanceSubject, ProviderAnswer } from '../../../src/testing.js';
import { issuerOf } from './google.js';

const answers: Readonly<Record<string, ProviderAnswer>> = {
  '/token': {
    json: { access_token: 'generic0access', expires_in: '3600', refresh_token: 'generic0refresh' },
  },
  '/profile': { json: { person: { number: 4711, label: 'Ada', mail: 'ada@example.test' } } },
};

/** Any OAuth 2.0 provider. */
export const oauth2: ConformanceSubject = {
  connector: GenericOAuth2Connector,
  instance: {
    connectorId: 'oauth2',
    target: 'anyone',
    config: {
      clientId: 'conformance',
      clientSecret: 'generic0secret',
      authorizationEndpoint: 'https://anyone.example.test/authorize',
      tokenEndpoint: 'https://anyone.example.test/token',
      userInfoEndpoint: 'https://api.example.test/profile',
      revocationEndpoint: 'https://anyone.example.test/revoke',
      issuer: 'https://anyone.example.test',
      scope: 'profile',
      profileMap: { id: 'person.number', name: 'person.label', email: 'person.mail' },
    },
  },
  provider: ({ url }) => answers[url.pathname],
  identity: {
    issuer: 'https://anyone.example.test',
    subject: '4711',
    name: 'Ada',
    email: 'ada@example.test',
    emailVerified: false,
  },
};

const ISSUER = 'https://issuer.example.test';

/** Any OpenID provider. */
export const oidc: ConformanceSubject = {
  connector: GenericOidcConnector,
  instance: {
    connectorId: 'oidc',
    target: 'company',
    config: { issuer: ISSUER, clientId: 'conformance', clientSecret: 'generic0secret' },
  },
  provider: await issuerOf(ISSUER, 'conformance', {
    sub: 'ada',
    name: 'Ada',
    email: 'ada@example.test',
    email_verified: true,
    picture: 'https://pictures.example.test/ada',
  }),
  identity: { issuer: ISSUER, subject: 'ada', name: 'Ada', email: 'ada@example.test', emailVerified: true },
};
