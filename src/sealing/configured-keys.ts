import { Secret } from '../common/secret.js';
import type { VaultKeysConfiguration } from '../config/vault-keys.js';
import { AwsKms } from './aws-kms.js';
import { CombinedKeys } from './combined-keys.js';
import { HashicorpTransit } from './hashicorp-transit.js';
import type { KeyEncryption } from './key-encryption.js';
import { Keyring } from './keyring.js';

/** The key services of the configuration: the current one first, all of them able to open. Throws {@link ConfigurationError}. */
export function configuredKeys(vault: VaultKeysConfiguration): KeyEncryption {
  const services = {
    local: vault.text === undefined ? undefined : Keyring.parse(vault.text, vault.variable),
    transit:
      vault.transit && new HashicorpTransit({ ...vault.transit, token: new Secret(vault.transit.token) }),
    'aws-kms': vault.awsKmsKey === undefined ? undefined : new AwsKms({ key: vault.awsKmsKey }),
  };
  const given = Object.entries(services).flatMap(([name, service]) => (service ? [{ name, service }] : []));
  const current = given.find(({ name }) => name === vault.current) ?? given[0];
  const others = given.filter((one) => one !== current).map(({ service }) => service);
  return others.length === 0 ? current.service : new CombinedKeys(current.service, ...others);
}
