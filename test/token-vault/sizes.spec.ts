import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/common/secret.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from './vault-process.js';

describe.each(databaseKinds)('the size of tokens in %s', (kind) => {
  let database: TemporaryDatabase;
  let process: VaultProcess;

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    process = await startVault(database.url, `one:${keyOf('one')}`);
  });

  afterAll(async () => {
    await process.close();
    await database.drop();
  });

  const text = (length: number) => randomBytes(length).toString('base64').slice(0, length);

  it.each([1, 4 * 1024, 16 * 1024])('of %i bytes comes back byte by byte (VC-16)', async (length) => {
    const [accessToken, refreshToken] = [text(length), text(length)];
    const tokens = { accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken) };
    await process.keep(`user-${length}`, { ...tokens, expiresAt: process.clock.now() + 3600 });
    expect(await process.read(`user-${length}`)).toBe(accessToken);
  });

  it('of a token outside ASCII comes back as it was (VC-16)', async () => {
    const accessToken = 'jeton-ünïcödé-李-👩‍🚀'.repeat(200);
    await process.keep('far', { accessToken: new Secret(accessToken) });
    expect(await process.read('far')).toBe(accessToken);
  });

  it('of a megabyte is refused and never cut, and what was held stays (VC-16)', async () => {
    await process.keep('user');
    const secrets = process.dataSource.getRepository(StoredSecret);
    const before = await secrets.findOneByOrFail({ userId: 'user' });
    for (const tokens of [
      { accessToken: new Secret(text(1024 * 1024)) },
      { refreshToken: new Secret(text(1024 * 1024)) },
      { accessToken: new Secret(text(64 * 1024)) },
    ])
      await expect(process.keep('user', tokens)).rejects.toMatchObject({ code: 'vault.token_too_large' });
    await expect(
      process.keep('nobody', { accessToken: new Secret(text(1024 * 1024)) }),
    ).rejects.toMatchObject({ code: 'vault.token_too_large' });
    expect(await secrets.findOneByOrFail({ userId: 'user' })).toEqual(before);
    expect(await process.read('user')).toBe(tokenOf('user'));
    await expect(process.read('nobody')).rejects.toMatchObject({
      code: 'secrets.third_party_token_set.token_not_found',
    });
  });
});
