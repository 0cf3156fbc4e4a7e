import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Repository } from 'typeorm';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds } from '../support/databases.js';
import { Browser } from '../support/browser.js';
import {
  signInThroughGoogle,
  signInThroughLogto,
  startSandboxed,
  type Sandboxed,
} from '../support/sandboxed.js';

const SEALED = ['keyId', 'wrappedKey', 'ciphertext'] as const;

describe.each(databaseKinds)('token sets at rest in %s', (database) => {
  let stage: Sandboxed;
  let secrets: Repository<StoredSecret>;
  const alice = new Browser();
  const bob = new Browser();

  beforeAll(async () => {
    stage = await startSandboxed({ database });
    secrets = stage.backend.dataSource.getRepository(StoredSecret);
    await signInThroughGoogle(alice, stage.backend, 'alice');
    await signInThroughGoogle(bob, stage.backend, 'bob');
  });

  afterAll(() => stage.close());

  let before: StoredSecret[];
  /** Alice's row, then Bob's. */
  const inOrder = async (): Promise<StoredSecret[]> => {
    const { id } = (await alice.json(`${stage.backend.url}/api/me`)).body;
    return (await secrets.find()).sort((row) => (row.userId === id ? -1 : 1));
  };
  beforeEach(async () => void (before = await inOrder()));
  afterEach(() => secrets.save(before));

  const read = (browser: Browser) =>
    browser.json(`${stage.backend.url}/api/my-account/identities/google/access-token`);

  it('hold no token and no session in any form that can be read (VC-01)', async () => {
    await signInThroughLogto(new Browser(), stage.backend, 'noor');
    stage.sandbox.advance(3600);
    const accessToken = String((await read(alice)).body['access_token']);
    const { TokenSetSealer } = await import('../../src/token-vault/token-set.sealer.js');
    const sealer = stage.backend.get(TokenSetSealer);
    const refreshTokens = await Promise.all(
      (await secrets.find()).map(async (secret) => (await sealer.open(secret)).refreshToken?.reveal()),
    );
    const canaries = [accessToken, ...refreshTokens, alice.cookie('localhost', 'latchkey')].map(String);
    expect(canaries).toHaveLength(4);
    expect(canaries.every((canary) => canary.length > 20)).toBe(true);

    const dump = await stage.backend.database.dump();
    expect(dump.includes('secrets') || dump.includes('google')).toBe(true);
    for (const canary of canaries) {
      for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
        const form = Buffer.from(canary).toString(encoding).replace(/=+$/, '').slice(0, -2);
        expect([encoding, dump.includes(form)]).toEqual([encoding, false]);
      }
    }
  });

  it('are refused after any change of a byte, and the row stays as it is (VC-02)', async () => {
    const [row] = before as [StoredSecret, StoredSecret];
    for (const column of ['wrappedKey', 'ciphertext'] as const) {
      const bytes = Buffer.from(row.sealed[column], 'base64');
      for (const index of [
        0,
        11,
        12,
        bytes.length >> 1,
        bytes.length - 17,
        bytes.length - 16,
        bytes.length - 1,
      ]) {
        const altered = Buffer.from(bytes);
        altered[index] = altered[index] ^ 0x80;
        await secrets.update(row.id, { sealed: { ...row.sealed, [column]: altered.toString('base64') } });
        expect(await read(alice)).toMatchObject({ status: 503, body: { code: 'vault.integrity_error' } });
      }
      await secrets.save(row);
    }
    expect(await secrets.count()).toBe(2);
    expect(stage.backend.logs.some((line) => line.includes('vault.integrity_error'))).toBe(true);
    expect((await read(alice)).status).toBe(200);
  });

  it('say that a key is missing, which is not the same as damage (VC-10)', async () => {
    const [row] = before as [StoredSecret, StoredSecret];
    await secrets.update(row.id, { sealed: { ...row.sealed, keyId: 'another' } });
    expect(await read(alice)).toMatchObject({ status: 503, body: { code: 'vault.key_unavailable' } });
  });

  it.each([[SEALED], [['wrappedKey']], [['ciphertext']]])(
    'are refused in the row of another user: %p (VC-03)',
    async (columns) => {
      const [first, second] = before as [StoredSecret, StoredSecret];
      const taken = (from: StoredSecret, to: StoredSecret) =>
        Object.fromEntries(
          SEALED.map((column) => [
            column,
            (columns as readonly string[]).includes(column) ? from.sealed[column] : to.sealed[column],
          ]),
        );
      await secrets.update(first.id, { sealed: taken(second, first) });
      await secrets.update(second.id, { sealed: taken(first, second) });
      for (const browser of [alice, bob])
        expect(await read(browser)).toMatchObject({ status: 503, body: { code: 'vault.integrity_error' } });
    },
  );

  it.each([
    ['target', 'github'],
    ['tokenType', 'MAC'],
    ['scope', 'everything'],
    ['expiresAt', 9_999_999_999],
    ['obtainedAt', 1],
    ['hasRefreshToken', false],
  ] as const)(
    'are refused when what stands in clear beside them is changed: %s (VC-03)',
    async (column, value) => {
      const [row] = before as [StoredSecret, StoredSecret];
      await secrets.update(row.id, { [column]: value });
      const target = column === 'target' ? String(value) : 'google';
      const answer = await alice.json(
        `${stage.backend.url}/api/my-account/identities/${target}/access-token`,
      );
      expect(answer).toMatchObject({ status: 503, body: { code: 'vault.integrity_error' } });
    },
  );

  it('whose key is gone keep nobody from signing in, and are not overwritten by less (VC-10)', async () => {
    const [row] = before as [StoredSecret, StoredSecret];
    await secrets.update(row.id, { sealed: { ...row.sealed, keyId: 'another' } });
    const { url } = await signInThroughGoogle(new Browser(), stage.backend, 'alice');
    expect(url).toBe(`${stage.backend.url}/`);
    expect(await secrets.findOneByOrFail({ id: row.id })).toMatchObject({
      version: row.version,
      hasRefreshToken: true,
    });
  });

  it.each(['userId', 'connectorId', 'subject'] as const)(
    'are refused when the row’s %s is rewritten (VC-03)',
    async (column) => {
      const [row] = before as [StoredSecret, StoredSecret];
      const { TokenSetSealer } = await import('../../src/token-vault/token-set.sealer.js');
      await expect(
        stage.backend.get(TokenSetSealer).open({ ...row, [column]: 'other' }),
      ).rejects.toMatchObject({ code: 'vault.integrity_error' });
    },
  );

  it('are refused when an older state of the same row is put back (VC-05)', async () => {
    const [old] = before as [StoredSecret, StoredSecret];
    stage.sandbox.advance(3600);
    expect((await read(alice)).status).toBe(200);
    const { version } = await secrets.findOneByOrFail({ id: old.id });
    expect(version).toBe(old.version + 1);
    await secrets.update(old.id, { sealed: old.sealed });
    expect(await read(alice)).toMatchObject({ status: 503, body: { code: 'vault.integrity_error' } });
    before = [...before.filter(({ id }) => id !== old.id)];
    await signInThroughGoogle(alice, stage.backend, 'alice');
    expect((await read(alice)).status).toBe(200);
  });

  it('print as secrets wherever they are printed (VC-15)', async () => {
    const { inspect } = await import('node:util');
    const { TokenVaultService } = await import('../../src/token-vault/token-vault.service.js');
    const [, bobs] = before as [StoredSecret, StoredSecret];
    const tokenSet = await stage.backend.get(TokenVaultService).read(bobs.userId, 'google');
    const token = tokenSet.accessToken.reveal();
    for (const text of [
      inspect(tokenSet, { depth: 9, showHidden: true }),
      JSON.stringify(tokenSet),
      String(tokenSet.accessToken),
      `${tokenSet.accessToken.toString()}`,
    ]) {
      expect(text).not.toContain(token);
      expect(text).toContain('[secret]');
    }
  });
});
