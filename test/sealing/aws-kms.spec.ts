import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { AwsKms, type KmsClient } from '../../src/sealing/aws-kms.js';
import { Sealer, type Binding } from '../../src/sealing/sealer.js';

const BINDING: Binding = ['token-set', 'row-1', 'user-1', 1];
const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${ID}`;

const named = (name: string) => Object.assign(new Error('what AWS says'), { name });

/** Refuses another encryption context, as KMS does, and lets a test put an error in the place of an answer. */
class ScriptedKms implements KmsClient {
  readonly contexts: Record<string, string>[] = [];
  decryptions = 0;
  error?: Error;

  encrypt({ Plaintext, EncryptionContext, KeyId }: Parameters<KmsClient['encrypt']>[0]) {
    this.contexts.push(EncryptionContext);
    const blob = Buffer.concat([seal(KeyId, EncryptionContext), Plaintext]);
    return this.error
      ? Promise.reject(this.error)
      : Promise.resolve({ CiphertextBlob: new Uint8Array(blob) });
  }

  decrypt({ CiphertextBlob, EncryptionContext, KeyId }: Parameters<KmsClient['decrypt']>[0]) {
    this.decryptions += 1;
    const blob = Buffer.from(CiphertextBlob);
    if (this.error) return Promise.reject(this.error);
    if (!blob.subarray(0, 32).equals(seal(KeyId, EncryptionContext)))
      return Promise.reject(named('InvalidCiphertextException'));
    return Promise.resolve({ Plaintext: new Uint8Array(blob.subarray(32)) });
  }
}

const seal = (keyId: string, context: Record<string, string>) =>
  createHash('sha256')
    .update(JSON.stringify([keyId, context]))
    .digest();

describe('a key of AWS KMS', () => {
  it.each([ID, ARN, `mrk-${'0'.repeat(32)}`])(
    'seals and opens by its id or ARN, and asks once: %s',
    async (key) => {
      const client = new ScriptedKms();
      const sealer = new Sealer(new AwsKms({ key, client }));
      const sealed = await sealer.seal('a token', BINDING);
      expect(sealed.keyId).toBe(`aws-kms:${key.split('/').at(-1)}`);
      for (let read = 0; read < 10; read += 1) expect(await sealer.open(sealed, BINDING)).toBe('a token');
      expect(client.decryptions).toBe(1);
    },
  );

  it('binds each wrapped key to its row without telling whose it is, however much it is bound to', async () => {
    const client = new ScriptedKms();
    const sealer = new Sealer(new AwsKms({ key: ID, client }));
    await sealer.seal('a token', ['connector-config', 'user-1', 'x'.repeat(20_000)]);
    expect(client.contexts).toEqual([{ latchkey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as unknown }]);
  });

  it('refuses what was moved to another row as damage (VC-03)', async () => {
    const sealer = new Sealer(new AwsKms({ key: ID, client: new ScriptedKms() }));
    const sealed = await sealer.seal('a token', BINDING);
    await expect(sealer.open(sealed, ['token-set', 'row-2'])).rejects.toMatchObject({
      code: 'vault.integrity_error',
    });
  });

  it.each([
    ['InvalidCiphertextException', 'vault.integrity_error'],
    ['IncorrectKeyException', 'vault.integrity_error'],
    ['DisabledException', 'vault.key_unavailable'],
    ['AccessDeniedException', 'vault.key_unavailable'],
    ['ThrottlingException', 'vault.key_unavailable'],
    ['TimeoutError', 'vault.key_unavailable'],
    ['CredentialsProviderError', 'vault.key_unavailable'],
  ])('answers %s with %s', async (name, code) => {
    const client = new ScriptedKms();
    const sealer = new Sealer(new AwsKms({ key: ID, client }));
    const sealed = await sealer.seal('a token', BINDING);
    client.error = named(name);
    await expect(sealer.open(sealed, BINDING)).rejects.toMatchObject({ code });
  });

  it.each(['alias/latchkey', 'arn:aws:kms:eu-central-1:111122223333:alias/latchkey', '', 'latchkey'])(
    'is refused by a name that can be moved to another key: %p',
    (key) => {
      expect(() => new AwsKms({ key })).toThrow(/VAULT_AWS_KMS_KEY must be the id or the ARN/);
    },
  );

  it('says which package it needs', async () => {
    await expect(new Sealer(new AwsKms({ key: ID })).seal('a token', BINDING)).rejects.toThrow(
      /VAULT_AWS_KMS_KEY needs the package @aws-sdk\/client-kms/,
    );
  });
});
