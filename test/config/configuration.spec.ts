import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readConfiguration } from '../../src/config/configuration.js';
import { variables } from '../../src/config/variables.js';
import { ourConnectors } from '../../src/connectors/our-connectors.js';

const SECRETS = {
  SESSION_SECRET: 's'.repeat(32),
  VAULT_KEYS: `k:${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
};
const LOGTO = {
  LOGTO_ENDPOINT: 'https://logto.example.test',
  LOGTO_APP_ID: 'id',
  LOGTO_APP_SECRET: 'hush-hush',
};
const TRANSIT = {
  VAULT_TRANSIT_URL: 'https://vault.example.test:8200/',
  VAULT_TRANSIT_TOKEN: 'hush-hush',
  VAULT_TRANSIT_KEY: 'latchkey',
};
const PRODUCTION = { ...SECRETS, ...LOGTO, NODE_ENV: 'production', BASE_URL: 'https://app.example.test' };

/** Nothing of what they inject is needed for the form of their configurations. */
const kinds = ourConnectors.map((connector) => new connector());

const messageOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    readConfiguration(environment);
    return 'accepted';
  } catch (error) {
    return String(error);
  }
};

describe('the configuration', () => {
  it('needs nothing at all for the sandbox on this machine', () => {
    const configuration = readConfiguration({});
    expect(configuration).toMatchObject({
      production: false,
      host: 'localhost',
      port: 3000,
      baseUrl: 'http://localhost:3000',
      databaseUrl: 'sqlite:data/latchkey.sqlite',
      sandbox: { port: 3100 },
      logto: undefined,
      connectors: [],
    });
    expect(configuration.vaultKeys.text).toMatch(/^sandbox:/);
  });

  it('takes an empty variable for an absent one', () => {
    expect(readConfiguration({ LOGTO_ENDPOINT: '', DATABASE_URL: '', PORT: '' }).port).toBe(3000);
  });

  it('goes to a real Logto, and to no sandbox, once one is named', () => {
    const configuration = readConfiguration({
      ...SECRETS,
      ...LOGTO,
      LOGTO_ENDPOINT: 'https://logto.example.test/',
    });
    expect(configuration.logto).toEqual({
      endpoint: 'https://logto.example.test',
      appId: 'id',
      appSecret: 'hush-hush',
    });
    expect(configuration.sandbox).toBeUndefined();
  });

  it('takes the real Google beside the sandbox’s Logto', () => {
    const configuration = readConfiguration({
      CONNECTOR_GOOGLE_CLIENT_ID: 'g',
      CONNECTOR_GOOGLE_CLIENT_SECRET: 'x',
    });
    expect(configuration.connectors).toEqual([
      {
        id: 'google',
        connectorId: 'google-universal',
        config: { clientId: 'g', clientSecret: 'x' },
        enableTokenStorage: true,
      },
    ]);
    expect(configuration.sandbox).toBeDefined();
  });

  it.each<[string, NodeJS.ProcessEnv, object]>([
    [
      'google',
      {
        CONNECTOR_GOOGLE_CLIENT_ID: 'a',
        CONNECTOR_GOOGLE_CLIENT_SECRET: 'b',
        CONNECTOR_GOOGLE_SCOPE: 'openid',
        CONNECTOR_GOOGLE_ISSUER: 'https://google.test/',
        CONNECTOR_GOOGLE_PROMPTS: 'consent select_account',
        CONNECTOR_GOOGLE_OFFLINE_ACCESS: 'true',
        CONNECTOR_GOOGLE_HOSTED_DOMAIN: 'example.test',
        CONNECTOR_GOOGLE_ONE_TAP: 'true',
      },
      {
        config: {
          clientId: 'a',
          clientSecret: 'b',
          scope: 'openid',
          issuer: 'https://google.test',
          prompts: ['consent', 'select_account'],
          offlineAccess: true,
          hostedDomain: 'example.test',
          oneTap: { isEnabled: true },
        },
        enableTokenStorage: true,
      },
    ],
    [
      'github',
      {
        CONNECTOR_GITHUB_CLIENT_ID: 'a',
        CONNECTOR_GITHUB_CLIENT_SECRET: 'b',
        CONNECTOR_GITHUB_ENDPOINT: 'https://git.test',
        CONNECTOR_GITHUB_API_ENDPOINT: 'https://git.test/api/v3',
        CONNECTOR_GITHUB_ENABLE_TOKEN_STORAGE: 'false',
      },
      {
        config: {
          clientId: 'a',
          clientSecret: 'b',
          endpoint: 'https://git.test',
          apiEndpoint: 'https://git.test/api/v3',
        },
        enableTokenStorage: false,
      },
    ],
    [
      'facebook',
      {
        CONNECTOR_FACEBOOK_CLIENT_ID: '1',
        CONNECTOR_FACEBOOK_CLIENT_SECRET: 'b',
        CONNECTOR_FACEBOOK_GRAPH_VERSION: 'v24.0',
        CONNECTOR_FACEBOOK_GRAPH_ENDPOINT: 'https://graph.test',
      },
      {
        config: {
          clientId: '1',
          clientSecret: 'b',
          graphVersion: 'v24.0',
          graphEndpoint: 'https://graph.test',
        },
        enableTokenStorage: true,
      },
    ],
    [
      'x',
      { CONNECTOR_X_CLIENT_ID: 'a', CONNECTOR_X_CLIENT_SECRET: 'b', CONNECTOR_X_SCOPE: 'users.read' },
      { config: { clientId: 'a', clientSecret: 'b', scope: 'users.read' }, enableTokenStorage: true },
    ],
    [
      'wecom',
      {
        CONNECTOR_WECOM_CORP_ID: 'a',
        CONNECTOR_WECOM_APP_SECRET: 'b',
        CONNECTOR_WECOM_AGENT_ID: '1000002',
        CONNECTOR_WECOM_QR_ENDPOINT: 'https://qr.test/page',
      },
      {
        config: { corpId: 'a', appSecret: 'b', agentId: '1000002', qrEndpoint: 'https://qr.test/page' },
        enableTokenStorage: false,
      },
    ],
  ])(
    'makes an instance of %s out of its variables, which its connector takes',
    (target, environment, expected) => {
      const [instance, ...others] = readConfiguration(environment).connectors;
      expect([instance, others]).toEqual([
        { id: target, connectorId: `${target}-universal`, ...expected },
        [],
      ]);
      const kind = kinds.find(({ descriptor }) => descriptor.id === instance?.connectorId);
      expect(kind?.configSchema.parse(instance?.config)).toMatchObject(instance?.config ?? {});
    },
  );

  it('makes no instance where only a part of a connector is there by default', () => {
    expect(readConfiguration({ CONNECTOR_GITHUB_SCOPE: 'repo' }).connectors).toEqual([]);
  });

  it('takes the hosts at private addresses as URLs name them', () => {
    const hosts = (ALLOWED_PRIVATE_HOSTS: string) =>
      readConfiguration({ ALLOWED_PRIVATE_HOSTS }).privateHosts;
    expect(hosts('git.internal, 10.0.0.7:8443 [::1]:3000')).toEqual([
      'git.internal',
      '10.0.0.7:8443',
      '[::1]:3000',
    ]);
  });

  it('reads Logto’s name of the vault key', () => {
    const { VAULT_KEYS: _, ...others } = PRODUCTION;
    expect(readConfiguration({ ...others, SECRET_VAULT_KEK: 'abc' }).vaultKeys).toEqual({
      text: 'secret-vault-kek:abc',
      variable: 'SECRET_VAULT_KEK',
    });
  });

  it('takes keys from Vault or AWS KMS, alone or beside local ones', () => {
    const { VAULT_KEYS: local, ...others } = PRODUCTION;
    expect(readConfiguration({ ...others, ...TRANSIT }).vaultKeys).toEqual({
      variable: 'VAULT_KEYS',
      transit: { url: 'https://vault.example.test:8200', token: 'hush-hush', key: 'latchkey' },
    });
    expect(readConfiguration({ ...others, VAULT_AWS_KMS_KEY: 'id' }).vaultKeys).toMatchObject({
      text: undefined,
      awsKmsKey: 'id',
    });
    expect(readConfiguration({ ...PRODUCTION, ...TRANSIT, VAULT_CURRENT: 'local' }).vaultKeys).toMatchObject({
      text: local,
      transit: { key: 'latchkey' },
      current: 'local',
    });
  });

  it('renews tokens in the background unless told otherwise', () => {
    const settings = [{}, { VAULT_RENEWAL: 'on' }, { VAULT_RENEWAL: 'off' }].map(readConfiguration);
    expect(settings.map(({ renewal }) => renewal)).toEqual([undefined, undefined, false]);
    expect(messageOf({ VAULT_RENEWAL: 'sometimes' })).toContain('VAULT_RENEWAL must be on or off');
  });

  it('accepts a complete production', () => {
    expect(readConfiguration(PRODUCTION)).toMatchObject({
      production: true,
      host: '0.0.0.0',
    });
    expect(readConfiguration(PRODUCTION).sandbox).toBeUndefined();
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['a port that is none', { PORT: '70000' }, /PORT must be a port number/],
    [
      'a misspelt environment (MA-24)',
      { NODE_ENV: 'prod' },
      /NODE_ENV must be production, development or test/,
    ],
    [
      'half a Logto',
      { ...SECRETS, LOGTO_ENDPOINT: 'https://l.test' },
      /LOGTO_APP_ID is required because LOGTO_ENDPOINT is set; LOGTO_APP_SECRET/,
    ],
    ['half a Google', { CONNECTOR_GOOGLE_CLIENT_ID: 'g' }, /CONNECTOR_GOOGLE_CLIENT_SECRET is required/],
    [
      'half a WeCom',
      { CONNECTOR_WECOM_CORP_ID: 'w', CONNECTOR_WECOM_AGENT_ID: '1' },
      /CONNECTOR_WECOM_APP_SECRET is required because CONNECTOR_WECOM_CORP_ID/,
    ],
    [
      'a private host with a path',
      { ALLOWED_PRIVATE_HOSTS: 'a.test/path' },
      /ALLOWED_PRIVATE_HOSTS must be hosts/,
    ],
    [
      'a private host as a URL',
      { ALLOWED_PRIVATE_HOSTS: 'https://a.test' },
      /ALLOWED_PRIVATE_HOSTS must be hosts/,
    ],
    [
      'an endpoint that is no URL',
      { ...SECRETS, ...LOGTO, LOGTO_ENDPOINT: 'logto' },
      /LOGTO_ENDPOINT must be an http or https URL/,
    ],
    ['a base URL with a path', { BASE_URL: 'http://localhost:3000/app' }, /BASE_URL must be an origin/],
    ['another database', { DATABASE_URL: 'mysql://x' }, /DATABASE_URL must be sqlite/],
    [
      'a short session secret (SE-13)',
      { ...SECRETS, ...LOGTO, SESSION_SECRET: 'short' },
      /SESSION_SECRET must have at least 32/,
    ],
    ['no secrets beside a real Logto', LOGTO, /SESSION_SECRET is required.*VAULT_KEYS is required/],
    [
      'no secrets in production (SE-13, VC-07)',
      { NODE_ENV: 'production' },
      /SESSION_SECRET is required.*VAULT_KEYS is required/,
    ],
    [
      'no Logto in production (MA-24)',
      { ...PRODUCTION, LOGTO_ENDPOINT: '' },
      /LOGTO_ENDPOINT is required in production/,
    ],
    [
      'plain http in production',
      { ...PRODUCTION, BASE_URL: 'http://app.example.test' },
      /BASE_URL must use https/,
    ],
    [
      'a Logto over plain http in production',
      { ...PRODUCTION, LOGTO_ENDPOINT: 'http://l.example.test' },
      /LOGTO_ENDPOINT must use https/,
    ],
    [
      'the sandbox where others can reach it (MA-24)',
      { BASE_URL: 'http://app.example.test' },
      /LOGTO_ENDPOINT is required when BASE_URL/,
    ],
    ['the sandbox on all interfaces', { HOST: '0.0.0.0' }, /LOGTO_ENDPOINT is required when HOST/],
    [
      'the sandbox’s session secret',
      { ...PRODUCTION, SESSION_SECRET: readConfiguration({}).sessionSecret.join() },
      /SESSION_SECRET is the one of the sandbox/,
    ],
    [
      'the sandbox’s vault key',
      { ...PRODUCTION, VAULT_KEYS: readConfiguration({}).vaultKeys.text },
      /VAULT_KEYS holds the key of the sandbox/,
    ],
    [
      'half of a Vault',
      {
        ...PRODUCTION,
        VAULT_TRANSIT_URL: 'https://vault.example.test:8200',
        VAULT_TRANSIT_TOKEN: 'hush-hush',
      },
      /VAULT_TRANSIT_KEY is required because VAULT_TRANSIT_URL is set/,
    ],
    [
      'a Vault over plain http in production',
      { ...PRODUCTION, ...TRANSIT, VAULT_TRANSIT_URL: 'http://vault.example.test:8200' },
      /VAULT_TRANSIT_URL must use https/,
    ],
    [
      'a token that breaks a header',
      { ...PRODUCTION, ...TRANSIT, VAULT_TRANSIT_TOKEN: 'hush-hush\nx: y' },
      /VAULT_TRANSIT_TOKEN must be printable/,
    ],
    [
      'a current key service that is not there',
      { ...PRODUCTION, VAULT_CURRENT: 'transit' },
      /VAULT_CURRENT names a key service of which nothing else is set/,
    ],
    [
      'a key service that nobody knows',
      { ...PRODUCTION, VAULT_CURRENT: 'paper' },
      /VAULT_CURRENT must be local/,
    ],
  ])('refuses %s, by the variable’s name and without its value', (_, environment, message) => {
    expect(messageOf(environment)).toMatch(message);
    expect(messageOf(environment)).not.toMatch(/hush-hush|MDEyMzQ1/);
    expect(messageOf(environment)).not.toContain('\n');
  });

  it('is described in the README, every variable of it', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const missing = Object.keys(variables).filter((name) => !readme.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});
