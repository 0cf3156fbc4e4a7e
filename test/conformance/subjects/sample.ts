import type { ConformanceSubject } from '../../../src/testing.js';
import { SampleConnector } from '../sample.connector.js';

export const sample: ConformanceSubject = {
  connector: SampleConnector,
  instance: { connectorId: 'sample-universal', config: { clientId: 'us', clientSecret: 'sample0secret' } },
  provider: ({ url }) =>
    url.pathname === '/oauth/token'
      ? { json: { access_token: 'sample0access', token_type: 'bearer', expires_in: 3600 } }
      : {
          json: {
            user: { uuid: '7d444840-9dc0-11d1-b245-5ffdce74fad2', display: 'Ada', mail: 'ada@example.test' },
          },
        },
  identity: {
    issuer: 'https://sample.invalid',
    subject: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
    name: 'Ada',
    email: 'ada@example.test',
    emailVerified: false,
  },
};
