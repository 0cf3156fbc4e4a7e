import { describe, expect, it } from '@jest/globals';
import {
  ConfigurationError,
  HttpClient,
  Clock,
  ourConnectors,
  type ConnectorInstance,
} from '../../../src/index.js';
import { ApiHosts, matchesHost } from '../../../src/token-vault/handlers/api-hosts.js';

const hostOf = (address: string): string => new URL(address).host;

describe('a host that a token may go to', () => {
  it.each([
    ['https://api.github.com/user', 'api.github.com'],
    ['https://API.GitHub.com/', 'api.github.com'],
    ['https://api.github.com:443/', 'api.github.com'],
    ['https://ａpi.github.com/', 'api.github.com'],
    ['https://www.googleapis.com/', '*.googleapis.com'],
    ['https://a.b.googleapis.com/', '*.googleapis.com'],
    ['https://api.example.test:8443/', 'api.example.test:8443'],
  ])('%s is %s', (address, pattern) => {
    expect(matchesHost(hostOf(address), pattern)).toBe(true);
  });

  it.each([
    ['a longer name', 'https://api.github.com.evil.test/', 'api.github.com'],
    ['a name that ends alike', 'https://evilapi.github.com/', 'api.github.com'],
    ['a name below', 'https://x.api.github.com/', 'api.github.com'],
    ['a trailing dot', 'https://api.github.com./', 'api.github.com'],
    ['a letter that looks alike', 'https://аpi.github.com/', 'api.github.com'],
    ['another port', 'https://api.github.com:8443/', 'api.github.com'],
    ['the port of nobody', 'https://api.example.test/', 'api.example.test:8443'],
    ['a name before an @', 'https://api.github.com@evil.test/', 'api.github.com'],
    ['a name behind a backslash', 'https://evil.test\\@api.github.com/', 'api.github.com'],
    ['a name in the path', 'https://evil.test/api.github.com', 'api.github.com'],
    ['a name in the fragment', 'https://evil.test#api.github.com', 'api.github.com'],
    ['nothing below', 'https://googleapis.com/', '*.googleapis.com'],
    ['no dot between', 'https://evilgoogleapis.com/', '*.googleapis.com'],
    ['a longer name below', 'https://www.googleapis.com.evil.test/', '*.googleapis.com'],
    ['a trailing dot below', 'https://www.googleapis.com./', '*.googleapis.com'],
    ['another port below', 'https://www.googleapis.com:8443/', '*.googleapis.com'],
    ['an ideographic full stop', 'https://www.googleapis.com。evil.test/', '*.googleapis.com'],
  ])('is not one with %s', (_, address, pattern) => {
    expect(matchesHost(hostOf(address), pattern)).toBe(false);
  });
});

describe('the hosts of an option', () => {
  it.each([
    '*',
    '*.com',
    '*.*.com',
    'https://api.test',
    'api.test/',
    'API.test',
    'a@b.test',
    'a b',
    '',
    'api.test:443',
  ])('are not %j', (host) => {
    expect(() => new ApiHosts({ apiHosts: { google: [host] } }, undefined as never)).toThrow(
      ConfigurationError,
    );
  });

  it.each(['api.test', '*.api.test', 'api.test:8443', 'xn--bcher-kva.test'])('may be %j', (host) => {
    expect(() => new ApiHosts({ apiHosts: { google: [host] } }, undefined as never)).not.toThrow();
  });
});

describe('the API of a connector', () => {
  const connectors = ourConnectors.map(
    (Connector) =>
      new (Connector as new (http: HttpClient, clock: Clock) => InstanceType<typeof Connector>)(
        new HttpClient(),
        new Clock(),
      ),
  );
  const hostsOf = (id: string, config: object = {}) => {
    const connector = connectors.find(({ descriptor }) => descriptor.id === id);
    const credentials = { clientId: 'a', clientSecret: 'b', ...config };
    const instance = { config: connector?.configSchema.parse(credentials) } as ConnectorInstance;
    return [...(connector?.apiHosts?.(instance) ?? [])];
  };

  it.each<[string, object, string[]]>([
    ['facebook-universal', {}, ['graph.facebook.com']],
    ['github-universal', {}, ['api.github.com']],
    ['github-universal', { endpoint: 'https://ghe.example.test' }, ['ghe.example.test']],
    ['google-universal', {}, ['*.googleapis.com']],
    ['google-universal', { issuer: 'http://localhost:3100/google' }, ['localhost:3100']],
    ['x-universal', {}, ['api.x.com']],
    [
      'oauth2',
      {
        authorizationEndpoint: 'https://id.example.test/authorize',
        tokenEndpoint: 'https://id.example.test/token',
        userInfoEndpoint: 'https://api.example.test/me',
      },
      ['api.example.test'],
    ],
    ['oidc', { issuer: 'https://id.example.test' }, ['id.example.test']],
    ['wecom-universal', { corpId: 'a', appSecret: 'b', agentId: '1' }, []],
  ])('%s, configured with %j, is at %j', (id, config, hosts) => {
    expect(hostsOf(id, config)).toEqual(hosts);
  });
});
