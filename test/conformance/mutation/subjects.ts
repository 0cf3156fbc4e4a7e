import { GenericOAuth2Connector } from '../../../src/connectors/providers/oauth2.connector.js';
import { GenericOidcConnector } from '../../../src/connectors/providers/oidc.connector.js';
import { GoogleConnector } from '../../../src/connectors/providers/google.connector.js';
import { WecomConnector } from '../../../src/connectors/providers/wecom.connector.js';
import type { ConformanceSubject } from '../../../src/conformance/subject.js';
import { facebook } from '../subjects/facebook.js';
import { github } from '../subjects/github.js';
import { x } from '../subjects/x.js';
import { Issuer } from './issuer.js';
import { digits, either, printable, wholeNumber, type Reading } from './readings.js';

/** A connector, how its provider answers, and who may be recognised in what was answered. */
export interface MutationSubject {
  readonly subject: ConformanceSubject;
  /** Nothing where nobody may be. */
  readonly whoIs: Reading;
  /** Who signs ID tokens, where there are such. */
  readonly issuer?: Issuer;
}

const FACTS = {
  name: 'Ada',
  preferred_username: 'ada',
  email: 'ada@gmail.com',
  email_verified: true,
  picture: 'https://pictures.example.test/ada',
};
const GOOGLE = 'https://accounts.google.com';
const OIDC = 'https://oidc.invalid';
const client = { clientId: 'us', clientSecret: 'client0secret' };
const token = {
  access_token: 'access0token',
  refresh_token: 'refresh0token',
  token_type: 'Bearer',
  expires_in: 3600,
};

const google = await Issuer.create(GOOGLE, client.clientId, { sub: '104251876093517284601', ...FACTS });
const oidc = await Issuer.create(OIDC, client.clientId, { sub: 'ada-1', ...FACTS });

const googleSubject: ConformanceSubject = {
  connector: GoogleConnector,
  instance: { connectorId: 'google-universal', config: client, enableTokenStorage: true },
  provider: (request) => google.answer(request),
  identity: { issuer: GOOGLE, subject: '104251876093517284601' },
};

const oidcSubject: ConformanceSubject = {
  connector: GenericOidcConnector,
  instance: {
    connectorId: 'oidc',
    target: 'oidc',
    config: { ...client, issuer: OIDC, fetchUserInfo: true, trustEmail: true },
    enableTokenStorage: true,
  },
  provider: (request) => oidc.answer(request),
  identity: { issuer: OIDC, subject: 'ada-1' },
};

const oauth2Answers: Readonly<Record<string, unknown>> = {
  '/token': { ...token, scope: 'profile email' },
  '/profile': { id: 4815162342, ...FACTS, phone: '+49 30 1234567' },
};

const oauth2Subject: ConformanceSubject = {
  connector: GenericOAuth2Connector,
  instance: {
    connectorId: 'oauth2',
    target: 'oauth2',
    config: {
      ...client,
      issuer: 'https://oauth2.invalid',
      authorizationEndpoint: 'https://oauth2.invalid/authorize',
      tokenEndpoint: 'https://oauth2.invalid/token',
      userInfoEndpoint: 'https://oauth2.invalid/profile',
      profileMap: { emailVerified: 'email_verified' },
      trustEmail: true,
    },
    enableTokenStorage: true,
  },
  provider: ({ url }) => ({ json: oauth2Answers[url.pathname] }),
  identity: { issuer: 'https://oauth2.invalid', subject: '4815162342' },
};

const wecomAnswers: Readonly<Record<string, object>> = {
  gettoken: { access_token: 'application0token', expires_in: 7200 },
  'auth/getuserinfo': { userid: 'ada', user_ticket: 'ticket', expires_in: 1800 },
  'user/get': { userid: 'ada', name: 'Ada', department: [1, 2], status: 1 },
  'auth/getuserdetail': {
    userid: 'ada',
    email: 'ada@example.test',
    mobile: '13800000000',
    avatar: FACTS.picture,
  },
};

const wecomSubject: ConformanceSubject = {
  connector: WecomConnector,
  instance: {
    connectorId: 'wecom-universal',
    config: { corpId: 'corp', appSecret: 'wecom0secret', agentId: '1000002' },
  },
  provider: ({ url }) => ({
    json: { errcode: 0, errmsg: 'ok', ...wecomAnswers[url.pathname.replace('/cgi-bin/', '')] },
  }),
  identity: { issuer: 'https://qyapi.weixin.qq.com/corp', subject: 'ada' },
};

export const mutationSubjects: Readonly<Record<string, MutationSubject>> = {
  github: {
    subject: { ...github, instance: { ...github.instance, enableTokenStorage: true } },
    whoIs: (told) => wholeNumber(told('/user')?.['id'], 1),
  },
  google: { subject: googleSubject, whoIs: () => google.whoIs(), issuer: google },
  facebook: {
    subject: facebook,
    whoIs: (told) => {
      const { app_id: app, is_valid: isValid } = (told('/v24.0/debug_token')?.['data'] ?? {}) as Record<
        string,
        unknown
      >;
      return String(app) === '4815162342' && isValid === true ? digits(told('/v24.0/me')?.['id']) : undefined;
    },
  },
  x: {
    subject: x,
    whoIs: (told) => digits((told('/2/users/me')?.['data'] as Record<string, unknown> | null)?.['id']),
  },
  wecom: { subject: wecomSubject, whoIs: (told) => printable(told('/cgi-bin/auth/getuserinfo')?.['userid']) },
  oidc: { subject: oidcSubject, whoIs: () => oidc.whoIs(), issuer: oidc },
  oauth2: {
    subject: oauth2Subject,
    whoIs: (told) => either(told('/profile')?.['id']),
  },
};
