import { describe, expect, it } from '@jest/globals';
import { readConfiguration } from '../../src/config/configuration.js';
import { configuredKeys } from '../../src/sealing/configured-keys.js';
import { Sealer } from '../../src/sealing/sealer.js';

const KEK = Buffer.from('a key that only tests ever hold!').toString('base64');
const LOGTO = { LOGTO_ENDPOINT: 'https://logto.example.test', LOGTO_APP_ID: 'id', LOGTO_APP_SECRET: 'hush' };
const PRODUCTION = {
  ...LOGTO,
  NODE_ENV: 'production',
  BASE_URL: 'https://app.example.test',
  SESSION_SECRET: 's'.repeat(32),
};
const KMS = '1234abcd-12ab-34cd-56ef-1234567890ab';

const keysOf = (environment: NodeJS.ProcessEnv) =>
  configuredKeys(readConfiguration({ ...PRODUCTION, ...environment }).vaultKeys);

describe('the keys of the configuration', () => {
  it('are the one that Logto’s variable holds, where there is no other', async () => {
    const sealer = new Sealer(keysOf({ SECRET_VAULT_KEK: KEK }));
    const sealed = await sealer.seal('a token', ['row']);
    expect(sealed.keyId).toBe('secret-vault-kek');
    const renamed = new Sealer(
      keysOf({ VAULT_KEYS: `new:${KEK.replace('Y', 'Z')},secret-vault-kek:${KEK}` }),
    );
    expect(await renamed.open(sealed, ['row'])).toBe('a token');
    expect((await renamed.seal('a token', ['row'])).keyId).toBe('new');
  });

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ VAULT_KEYS: `k1:${KEK}` }, 'k1'],
    [{ VAULT_AWS_KMS_KEY: KMS }, `aws-kms:${KMS}`],
    [{ VAULT_KEYS: `k1:${KEK}`, VAULT_AWS_KMS_KEY: KMS }, 'k1'],
    [{ VAULT_KEYS: `k1:${KEK}`, VAULT_AWS_KMS_KEY: KMS, VAULT_CURRENT: 'aws-kms' }, `aws-kms:${KMS}`],
  ])('encrypt with the one that is meant: case %#', async (environment, current) => {
    const keys = keysOf(environment);
    expect(await keys.currentKeyId()).toBe(current);
    expect(keys.holds('k1')).toBe('VAULT_KEYS' in environment);
    expect(keys.holds(`aws-kms:${KMS}`)).toBe('VAULT_AWS_KMS_KEY' in environment);
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['none', {}, /VAULT_KEYS is required/],
    [
      '31 bytes',
      { VAULT_KEYS: `k:${Buffer.alloc(31, 'ab').toString('base64')}` },
      /VAULT_KEYS: key 1 must be 32 bytes.*it has 31/,
    ],
    [
      'hex',
      { VAULT_KEYS: `k:${Buffer.alloc(32, 'ab').toString('hex')}` },
      /VAULT_KEYS: key 1 must be 32 bytes/,
    ],
    [
      'zeros',
      { VAULT_KEYS: `k:${Buffer.alloc(32).toString('base64')}` },
      /VAULT_KEYS: key 1 is one byte repeated/,
    ],
    [
      'zeros under Logto’s name',
      { SECRET_VAULT_KEK: Buffer.alloc(32).toString('base64') },
      /SECRET_VAULT_KEK: key 1 is one byte/,
    ],
    ['an alias', { VAULT_AWS_KMS_KEY: 'alias/a' }, /VAULT_AWS_KMS_KEY must be the id or the ARN/],
  ])('are refused in production when they are %s, and not repeated (VC-07)', (_, environment, message) => {
    expect(() => keysOf(environment)).toThrow(message);
    const [key = 'never'] = Object.values(environment);
    expect(() => keysOf(environment)).not.toThrow(new RegExp(String(key).slice(2, 22)));
  });
});
