import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { Secret } from '../../src/common/secret.js';
import { SecretStore } from '../../src/token-vault/secret.store.js';
import type { TokenSetOwner } from '../../src/token-vault/token-vault.service.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { repair, spoil, TOKEN_SETS } from './spoiled-writes.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const TOKEN = 'POST /token';

describe.each(databaseKinds)('the answer to a refresh that waits to be written, on %s', (kind) => {
  let count = 0;
  const answer = () =>
    json({
      access_token: `new-${(count += 1)}`,
      refresh_token: `refresh-${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  const provider = scriptedProvider({ [TOKEN]: answer });
  let stage: VaultStage;
  let second: VaultStage;
  let owner: TokenSetOwner;

  beforeAll(async () => {
    const times = { leaseMilliseconds: 300, attemptMilliseconds: 300, takeOverMilliseconds: 10_000 };
    const options = { kind, times, instances: [genericInstance(provider.origin)] };
    stage = await startVault(options);
    second = await startVault({ ...options, database: stage.database });
  });

  afterAll(async () => {
    await second.close();
    await stage.close();
  });

  beforeEach(async () => {
    const userId = `user-${(count += 1)}`;
    owner = { userId, connectorId: 'generic', target: 'generic', subject: userId };
    await stage.grant(owner, { accessToken: 'old', refreshToken: 'first', expiresIn: 3600 });
    for (const { clock } of [stage, second]) clock.advance(3600);
  });

  afterEach(() => repair(stage));

  const read = async ({ vault } = stage, options = {}) =>
    (await vault.read(owner.userId, 'generic', options)).accessToken.reveal();
  const row = () => stage.row(owner.userId);
  const sent = () => provider.requestsTo(TOKEN).map(({ form }) => form.get('refresh_token'));
  const refreshUnwritten = async (): Promise<string> => {
    provider.script({ [TOKEN]: () => spoil(stage, TOKEN_SETS).then(answer) });
    const renewed = await read();
    provider.script({ [TOKEN]: answer });
    return renewed;
  };

  it('is waited for by whoever takes the attempt over, and nobody sends the spent token (RR-24)', async () => {
    const renewed = await refreshUnwritten();
    const { attemptId } = await row();
    const reading = read(second);
    while ((await row()).attemptId === attemptId) {
      await stage.dataSource.query('UPDATE latchkey_secrets SET attempted_at = 0, lease_until = 0');
      await turn();
    }
    await repair(stage);
    expect(await reading).toBe(renewed);
    expect(sent()).toEqual(['first']);
  }, 120_000);

  it('is not handed out to whoever says that the API refuses it', async () => {
    const renewed = await refreshUnwritten();
    const other = read(stage, { refused: new Secret(renewed) });
    await repair(stage);
    expect(await other).not.toBe(renewed);
    expect(await other).toMatch(/^new/);
  });

  it('is not handed out in place of what a sign-in has brought meanwhile, though that has ended', async () => {
    const secrets = stage.get(SecretStore);
    const complete = secrets.complete.bind(secrets);
    secrets.complete = () => Promise.reject(new Error('the database is away'));
    try {
      const renewed = await read();
      await second.grant(owner, { accessToken: 'signed in', refreshToken: 'brought', expiresIn: 60 });
      for (const { clock } of [stage, second]) clock.advance(60);
      expect(await read()).not.toBe(renewed);
      expect(sent()).toEqual(['first', 'brought']);
    } finally {
      secrets.complete = complete;
    }
  });
});
