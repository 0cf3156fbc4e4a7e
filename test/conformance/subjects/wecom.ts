import { WecomConnector } from '../../../src/connectors/providers/wecom.connector.js';
import type { ConformanceSubject, ProviderAnswer } from '../../../src/testing.js';

const OK = { errcode: 0, errmsg: 'ok' };

const answers: Readonly<Record<string, ProviderAnswer>> = {
  '/cgi-bin/gettoken': { json: { ...OK, access_token: 'wecom0application0token', expires_in: 7200 } },
  '/cgi-bin/auth/getuserinfo': { json: { ...OK, userid: 'AdaLovelace', user_ticket: 'wecom0ticket' } },
  '/cgi-bin/user/get': { json: { ...OK, userid: 'AdaLovelace', name: 'Ada' } },
  '/cgi-bin/auth/getuserdetail': {
    json: {
      ...OK,
      userid: 'AdaLovelace',
      email: 'ada@example.test',
      mobile: '13800000000',
      avatar: 'https://pictures.example.test/ada',
    },
  },
};

export const wecom: ConformanceSubject = {
  connector: WecomConnector,
  instance: {
    connectorId: 'wecom-universal',
    config: { corpId: 'ww0123456789', appSecret: 'wecom0secret', agentId: '1000002' },
  },
  provider: ({ url }) => answers[url.pathname],
  identity: {
    issuer: 'https://qyapi.weixin.qq.com/ww0123456789',
    subject: 'AdaLovelace',
    name: 'Ada',
    email: 'ada@example.test',
    emailVerified: false,
    phone: '+8613800000000',
    avatar: 'https://pictures.example.test/ada',
  },
  cancel: {},
  pkce: false,
  secretInAddress: true,
};
