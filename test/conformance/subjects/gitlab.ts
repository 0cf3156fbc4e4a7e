import { GitlabConnector } from '../../../src/connectors/providers/gitlab.connector.js';
import type { ConformanceSubject } from '../../../src/testing.js';
import { issuerOf } from './google.js';

const ISSUER = 'https://gitlab.com';

export const gitlab: ConformanceSubject = {
  connector: GitlabConnector,
  instance: {
    connectorId: 'gitlab-universal',
    config: { clientId: 'conformance', clientSecret: 'gitlab0secret' },
    enableTokenStorage: true,
  },
  provider: await issuerOf(ISSUER, 'conformance', {
    sub: '1874302',
    name: 'Ada',
    nickname: 'ada',
    email: 'ada@example.test',
    email_verified: true,
    picture: 'https://pictures.example.test/ada',
  }),
  identity: {
    issuer: ISSUER,
    subject: '1874302',
    name: 'Ada',
    username: 'ada',
    email: 'ada@example.test',
    emailVerified: true,
  },
};
