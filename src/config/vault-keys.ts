import { z } from 'zod';
import { httpUrl, text } from './forms.js';

/** Where the key-encryption keys are, and which of them encrypt. At least one of them is given. */
export interface VaultKeysConfiguration {
  /** Local keys, and the variable that they come from, for whoever finds a fault in them. */
  readonly text?: string;
  readonly variable: string;
  readonly transit?: TransitConfiguration;
  readonly awsKmsKey?: string;
  /** Default: the first of these that is given. */
  readonly current?: KeyService;
}

export interface TransitConfiguration {
  readonly url: string;
  readonly token: string;
  readonly key: string;
  readonly mount?: string;
  readonly namespace?: string;
}

export type KeyService = 'local' | 'transit' | 'aws-kms';

/** Variables of the key services. */
export const vaultKeyVariables = {
  VAULT_KEYS: text
    .optional()
    .describe(
      'Key-encryption keys, `id:base64` of 32 bytes each, separated by commas: the first encrypts, all decrypt. Required outside the sandbox, where no other key service is given.',
    ),
  SECRET_VAULT_KEK: text
    .optional()
    .describe('One bare base64 key, as Logto names it. Read when `VAULT_KEYS` is absent.'),
  VAULT_TRANSIT_URL: httpUrl
    .optional()
    .describe('Origin of HashiCorp Vault, for keys of its Transit engine.'),
  VAULT_TRANSIT_TOKEN: text
    .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces')
    .optional()
    .describe('Token whose policy lets it use that key.'),
  VAULT_TRANSIT_KEY: text.optional().describe('Name of the key there.'),
  VAULT_TRANSIT_MOUNT: text.optional().describe('Where the engine is mounted; `transit` otherwise.'),
  VAULT_TRANSIT_NAMESPACE: text
    .regex(/^[\w./-]+$/, 'must be a path')
    .optional()
    .describe('Namespace of Vault Enterprise.'),
  VAULT_AWS_KMS_KEY: text
    .optional()
    .describe('Id or ARN of a key of AWS KMS; needs the package `@aws-sdk/client-kms`.'),
  VAULT_CURRENT: z
    .enum(['local', 'transit', 'aws-kms'], 'must be local, transit or aws-kms')
    .optional()
    .describe('Which of several key services encrypts; all decrypt. The first of these otherwise.'),
} as const;

type VaultKeyVariables = z.output<z.ZodObject<typeof vaultKeyVariables>>;

/** Logto's variable holds one bare key; it becomes the only key of the ring. Without any key service, the fallback is the ring. */
export function vaultKeysOf(values: VaultKeyVariables, fallback: string): VaultKeysConfiguration {
  const transit = transitOf(values);
  const { VAULT_AWS_KMS_KEY: awsKmsKey, VAULT_CURRENT: current } = values;
  const elsewhere = transit !== undefined || awsKmsKey !== undefined;
  return { ...localKeysOf(values, elsewhere ? undefined : fallback), transit, awsKmsKey, current };
}

function localKeysOf({ VAULT_KEYS: keys, SECRET_VAULT_KEK: key }: VaultKeyVariables, fallback?: string) {
  if (keys === undefined && key !== undefined)
    return { text: `secret-vault-kek:${key}`, variable: 'SECRET_VAULT_KEK' };
  return { text: keys ?? fallback, variable: 'VAULT_KEYS' };
}

function transitOf(values: VaultKeyVariables): TransitConfiguration | undefined {
  const { VAULT_TRANSIT_URL: url, VAULT_TRANSIT_TOKEN: token, VAULT_TRANSIT_KEY: key } = values;
  if (!url || !token || !key) return undefined;
  return {
    url,
    token,
    key,
    mount: values.VAULT_TRANSIT_MOUNT,
    namespace: values.VAULT_TRANSIT_NAMESPACE,
  };
}

/** The variables of Vault that make sense only together. */
export const transitGroup = ['VAULT_TRANSIT_URL', 'VAULT_TRANSIT_TOKEN', 'VAULT_TRANSIT_KEY'] as const;

/** Faults that the variables have together. */
export function vaultKeyProblems(values: VaultKeyVariables): string[] {
  const given: Record<KeyService, boolean> = {
    local: values.VAULT_KEYS !== undefined || values.SECRET_VAULT_KEK !== undefined,
    transit: values.VAULT_TRANSIT_URL !== undefined,
    'aws-kms': values.VAULT_AWS_KMS_KEY !== undefined,
  };
  const { VAULT_CURRENT: current } = values;
  return current === undefined || given[current]
    ? []
    : [`VAULT_CURRENT names a key service of which nothing else is set`];
}
