import { GithubConnector } from '../../../src/connectors/providers/github.connector.js';
import type { ConformanceSubject, ProviderAnswer } from '../../../src/testing.js';

const answers: Readonly<Record<string, ProviderAnswer>> = {
  '/login/oauth/access_token': {
    json: { access_token: 'ghu_conformance0access', token_type: 'bearer', scope: 'read:user,user:email' },
  },
  '/user': {
    json: {
      id: 583231,
      login: 'octocat',
      name: 'Octo Cat',
      avatar_url: 'https://avatars.example.test/583231',
      email: null,
    },
  },
  '/user/emails': {
    json: [
      { email: 'old@example.test', primary: false, verified: true, visibility: null },
      { email: 'octo@example.test', primary: true, verified: true, visibility: 'private' },
    ],
  },
};

export const github: ConformanceSubject = {
  connector: GithubConnector,
  instance: {
    connectorId: 'github-universal',
    config: { clientId: 'Iv1.conformance', clientSecret: 'github0secret', webhookSecret: 'github0hook' },
  },
  provider: ({ url }) => answers[url.pathname],
  identity: {
    issuer: 'https://github.com/login/oauth',
    subject: '583231',
    name: 'Octo Cat',
    username: 'octocat',
    email: 'octo@example.test',
    emailVerified: true,
    emailAuthoritative: true,
    avatar: 'https://avatars.example.test/583231',
  },
  grantGone: {
    json: {
      error: 'bad_refresh_token',
      error_description: 'The refresh token passed is incorrect or expired.',
    },
  },
};
