import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readConfiguration } from '../../src/config/configuration.js';
import { variables } from '../../src/config/variables.js';

const SECRETS = {
  SESSION_SECRET: 's'.repeat(32),
  VAULT_KEYS: `k:${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
};
const LOGTO = {
  LOGTO_ENDPOINT: 'https://logto.example.test',
  LOGTO_APP_ID: 'id',
  LOGTO_APP_SECRET: 'hush-hush',
};
const PRODUCTION = { ...SECRETS, ...LOGTO, NODE_ENV: 'production', BASE_URL: 'https://app.example.test' };

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

  it('reads Logto’s name of the vault key', () => {
    const { VAULT_KEYS: _, ...others } = PRODUCTION;
    expect(readConfiguration({ ...others, SECRET_VAULT_KEK: 'abc' }).vaultKeys).toEqual({
      text: 'secret-vault-kek:abc',
      variable: 'SECRET_VAULT_KEK',
    });
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
