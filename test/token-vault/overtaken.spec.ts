import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { Clock } from '../../src/common/clock.js';
import { LatchkeyError } from '../../src/common/errors.js';
import { ConnectorRegistry } from '../../src/connectors/connector.registry.js';
import { TokenSetRemoval } from '../../src/token-vault/access/token-set-removal.js';
import { Circuits } from '../../src/token-vault/circuits.js';
import { Revocations } from '../../src/token-vault/leaving/revocations.js';
import { SecretStore } from '../../src/token-vault/secret.store.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { genericInstance, startVault, type Granted, type VaultStage } from './vault-stage.js';

/** One that the system can set back. */
class WallClock extends Clock {
  behindSeconds = 0;

  override now(): number {
    return super.now() - this.behindSeconds;
  }
}

describe.each(databaseKinds)('one of two instances on %s', (kind) => {
  const provider = scriptedProvider({
    'POST /revoke': json({}),
    'DELETE /api/applications/app/grant': json({}, 204),
  });
  const clock = new WallClock();
  let stage: VaultStage;
  let second: VaultStage;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    const github = {
      id: 'github',
      connectorId: 'github-universal',
      target: 'github',
      enableTokenStorage: true,
      privateHosts: [new URL(provider.origin).host],
      config: {
        clientId: 'app',
        clientSecret: 's',
        endpoint: provider.origin,
        apiEndpoint: `${provider.origin}/api`,
      },
    };
    const options = { kind, instances: [genericInstance(provider.origin), github], clock };
    stage = await startVault(options);
    second = await startVault({ ...options, database: stage.database });
  });
  afterAll(async () => {
    await second.close();
    await stage.close();
  });
  beforeEach(() => {
    userId = `user-${(users += 1)}`;
  });
  afterEach(() => void jest.restoreAllMocks());

  const grant = (granted: Granted, target = 'generic', by = stage) =>
    by.grant({ userId, connectorId: target, target, subject: userId }, granted);
  const revoke = (until?: number) => stage.get(SecretStore).revokeOfAccount('generic', userId, until);
  const deletions = async () => {
    await stage.get(AuditLog).flush();
    return stage.dataSource.manager.findBy(AuditEntry, { event: 'secret.deleted', userId });
  };

  it('told of a revocation leaves alone a grant that is given anew while it looks whom that concerns', async () => {
    await grant({ accessToken: 'old', refreshToken: 'old', expiresIn: 3600 });
    const { obtainedAt } = await stage.row(userId);
    clock.advance(10_000);
    const { manager } = stage.dataSource;
    const find = manager.find.bind(manager);
    jest.spyOn(manager, 'find').mockImplementationOnce(async (...what) => {
      const found = await find(...what);
      await grant({ accessToken: 'new', refreshToken: 'new', expiresIn: 3600 }, 'generic', second);
      return found;
    });
    await revoke(obtainedAt + 300);
    expect(await stage.row(userId)).toMatchObject({ state: 'active' });
    await revoke();
    expect(await stage.row(userId)).toMatchObject({ state: 'revoked' });
  });

  it.each([
    ['revoked', 'reauthorization_required', () => second.get(SecretStore).revokeOfAccount('github', userId)],
    [
      'removed',
      'secrets.third_party_token_set.token_not_found',
      async () => second.get(TokenSetRemoval).remove((await stage.row(userId)).id),
    ],
  ])('hands out no token that is %s while its provider still confirms it', async (_, code, end) => {
    await grant({ accessToken: 'gho_1' }, 'github');
    clock.advance(7200);
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const confirmation = 'POST /api/applications/app/token';
    provider.script({ [confirmation]: () => held.then(() => json({})) });
    const reading = stage.vault.read(userId, 'github').catch((error: unknown) => error);
    while (provider.requestsTo(confirmation).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    await end();
    goOn();
    expect(await reading).toMatchObject({ code });
  });

  it('removes a token set once, however many are asked to at once', async () => {
    await grant({ accessToken: 'a', refreshToken: 'b', expiresIn: 3600 });
    const { id } = await stage.row(userId);
    const said = await Promise.all(
      [stage, second, stage, second].map((one) =>
        one
          .get(TokenSetRemoval)
          .remove(id)
          .catch(({ code }: LatchkeyError) => code),
      ),
    );
    expect(said.filter((answer) => answer === 'entity.not_found')).toHaveLength(3);
    expect(await deletions()).toHaveLength(1);
  });

  it('says in the log how many went with an instance of a provider that ends no grants', async () => {
    const configured = stage.get(ConnectorRegistry).peek('generic');
    const connector = { ...configured?.connector, revoke: undefined };
    jest
      .spyOn(stage.get(ConnectorRegistry), 'peek')
      .mockReturnValue({ ...configured, connector } as typeof configured);
    await stage.dataSource.manager.delete(StoredSecret, { connectorId: 'generic' });
    for (const name of ['x', 'y']) {
      userId = `user-${name}`;
      await grant({ accessToken: name });
    }
    const take = () =>
      stage.dataSource.transaction((manager) => stage.get(Revocations).takeOf(manager, 'generic'));
    expect([await take(), await take()]).toEqual([0, 0]);
    await stage.get(AuditLog).flush();
    const gone = { event: 'secret.deleted', connectorId: 'generic' };
    const counts = (await stage.dataSource.manager.findBy(AuditEntry, gone)).map(({ count }) => count);
    expect(counts.filter((count) => count !== null)).toEqual([2]);
  });

  it('leaves a provider that is down alone for a minute at most, although the clock is set back', () => {
    const circuits = stage.get(Circuits);
    const isAway = new LatchkeyError('connector.provider_unavailable', 'The provider has a problem.');
    for (let row = 0; row < 5; row += 1) circuits.answered({ id: `row ${row}`, connectorId: 'down' }, isAway);
    clock.behindSeconds = 3600;
    const seconds = circuits.waitSeconds('down');
    clock.behindSeconds = 0;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });
});
