import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startVault, type VaultStage } from './vault-stage.js';

/** GitHub keeps a normalized list: a scope that another one includes is not named in its answer. */
describe('what a token of GitHub is good for', () => {
  let stage: VaultStage;

  beforeAll(async () => {
    const config = { clientId: 'app', clientSecret: 's' };
    const github = { id: 'github', connectorId: 'github-universal', enableTokenStorage: true, config };
    stage = await startVault({ kind: 'SQLite', instances: [github] });
  });
  afterAll(() => stage.close());

  let users = 0;

  async function verdict(granted: string, wanted: object): Promise<unknown> {
    const userId = `user-${(users += 1)}`;
    const owner = { userId, connectorId: 'github', target: 'github', subject: userId };
    await stage.grant(owner, { accessToken: 'held', scope: granted });
    return stage.vault.read(userId, 'github', wanted).then(
      () => 'granted',
      (error: { code: string; data?: { scope?: string } }) => error.data?.scope ?? error.code,
    );
  }

  it.each([
    ['user repo', 'user:email public_repo', 'granted'],
    ['user', 'read:user user:follow', 'granted'],
    ['repo', 'repo:status repo_deployment repo:invite security_events repo', 'granted'],
    ['admin:org', 'read:org write:org', 'granted'],
    ['admin:repo_hook admin:public_key', 'read:repo_hook read:public_key', 'granted'],
    ['write:org', 'read:org admin:org', 'admin:org'],
    ['user:email', 'user', 'user'],
    ['public_repo', 'repo:status', 'repo:status'],
    ['user', 'repo constructor', 'repo constructor'],
    ['constructor', '__proto__', '__proto__'],
  ])('includes what its scopes include: %s, wanted %s: %s', async (granted, wanted, expected) => {
    expect(await verdict(granted, { scope: wanted.split(' ') })).toBe(expected);
  });

  it.each([
    ['user', ['user:email'], 'vault.retrieval_not_granted'],
    ['user:email', ['user'], 'vault.retrieval_not_granted'],
    ['user:email', ['user:email', 'user'], 'granted'],
  ])('is held within bounds by name: %s within %j: %s', async (granted, within, expected) => {
    expect(await verdict(granted, { within })).toBe(expected);
  });
});
