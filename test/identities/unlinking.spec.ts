import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  IdentitiesService,
  Secret,
  LinkingPolicy,
  TokenVaultService,
  Unlinking,
  type Identity,
  type IdentityAt,
  type Departed,
} from '../../src/index.js';
import { ConnectorInstances } from '../../src/connectors/instances/connector-instances.js';
import { StoredConnector } from '../../src/connectors/instances/stored-connector.entity.js';
import { StoredInstances } from '../../src/connectors/instances/stored-instances.js';
import { databaseKinds } from '../support/databases.js';
import { Stage, somebody } from './stage.js';

class WithPasswords extends LinkingPolicy {
  override isOwnStrategy(connectorId: string): boolean {
    return connectorId === 'password';
  }
}

describe.each(databaseKinds)('unlinking on %s', (database) => {
  let stage: Stage;
  let shops = 0;

  beforeAll(async () => {
    stage = await Stage.open({ database, auth: { linkingPolicy: WithPasswords } });
  });
  afterAll(() => stage.close());

  const link = (userId: string, at: IdentityAt): Promise<void> =>
    stage.run((manager) => stage.get(IdentitiesService).link(manager, { userId, actorId: userId }, at));

  /** A user with these accounts, and a token set of each. */
  async function userWith(...accounts: IdentityAt[]): Promise<string> {
    const [first, ...others] = accounts;
    const userId = await stage.signIn(first);
    for (const at of others) await link(userId, at);
    for (const { connectorId, target, identity } of accounts)
      await stage.run((manager) =>
        stage
          .get(TokenVaultService)
          .store(
            manager,
            { userId, connectorId, target, subject: identity.subject },
            { accessToken: new Secret(`at-${identity.subject}`), tokenType: 'Bearer' },
          ),
      );
    return userId;
  }

  const unlink = (userId: string, { target, identity: { subject } }: IdentityAt): Promise<Departed> =>
    stage.get(Unlinking).unlink({
      userId,
      actorId: userId,
      choose: (identities) =>
        identities.find((identity) => identity.target === target && identity.subject === subject) as Identity,
    });

  const connectors = () => stage.get(ConnectorInstances);
  const open = (id: string, target: string) =>
    connectors().create({ id, connectorId: 'fake', config: {}, metadata: { target } });

  const held = async (userId: string) =>
    (await stage.get(TokenVaultService).list(userId)).map(({ target }) => target).sort();

  /** Grants are ended beside the tests, and that is written down too. */
  const last = async (wanted: string) => (await stage.audit()).filter(({ event }) => event === wanted).at(-1);

  it('destroys the account’s token set, ends the grant at the provider, and is written down (AL-21)', async () => {
    const [alpha, beta] = [somebody(), somebody({}, 'beta')];
    const userId = await userWith(alpha, beta);
    const [identity] = (await stage.identities(userId)).filter(({ target }) => target === 'alpha');
    expect((await unlink(userId, alpha)).revocation).toBe('revoked');
    expect((await stage.identities(userId)).map(({ target }) => target)).toEqual(['beta']);
    expect(await held(userId)).toEqual(['beta']);
    expect(stage.provider.revoked).toContain(`at-${alpha.identity.subject}`);
    expect(stage.provider.revoked).not.toContain(`at-${beta.identity.subject}`);
    expect(await last('identity.unlinked')).toMatchObject({
      outcome: 'done',
      reason: 'requested',
      actorId: userId,
      userId,
      identityId: identity.id,
      connectorId: 'alpha',
      target: 'alpha',
    });
    expect(await stage.signIn(alpha)).not.toBe(userId);
  });

  it('succeeds though the provider is away (AL-21)', async () => {
    const [alpha, beta] = [somebody(), somebody({}, 'beta')];
    const userId = await userWith(alpha, beta);
    stage.provider.isDown = true;
    const { revocation } = await unlink(userId, alpha).finally(() => (stage.provider.isDown = false));
    expect(revocation).toBe('pending');
    expect(await held(userId)).toEqual(['beta']);
  });

  it('destroys the token sets of every instance through which the account came', async () => {
    const alpha = somebody();
    const throughAnother = { ...alpha, connectorId: 'alpha-2' };
    const userId = await userWith(alpha, throughAnother, somebody({}, 'beta'));
    expect(await held(userId)).toEqual(['alpha', 'alpha', 'beta']);
    await unlink(userId, alpha);
    expect(await held(userId)).toEqual(['beta']);
  });

  it('is refused for the last account, and the refusal is written down (AL-14)', async () => {
    const alpha = somebody();
    const userId = await userWith(alpha);
    await expect(unlink(userId, alpha)).rejects.toMatchObject({ code: 'user.last_sign_in_method_required' });
    expect(await held(userId)).toEqual(['alpha']);
    expect(await last('identity.unlinked')).toMatchObject({
      outcome: 'refused',
      reason: 'last_sign_in_method',
      userId,
    });
  });

  it('is refused where nothing remains but an account whose connector is switched off (AL-14)', async () => {
    const alpha = somebody();
    const userId = await userWith(alpha, somebody({}, 'gone'));
    await expect(unlink(userId, alpha)).rejects.toMatchObject({ code: 'user.last_sign_in_method_required' });
  });

  it.each([
    ['has been deleted', (id: string) => connectors().remove(id)],
    [
      'is broken',
      (id: string) =>
        stage.dataSource.manager.update(StoredConnector, { id }, { config: '{"a":1}', version: 9 }),
    ],
    [
      'is of another provider by now',
      async (id: string) => {
        await connectors().remove(id);
        await open(id, 'elsewhere');
      },
    ],
  ])('is refused where nothing remains but an account whose connector %s (AL-14)', async (_, end) => {
    const id = `shop-${(shops += 1)}`;
    await open(id, id);
    const alpha = somebody();
    const [userId, sooner] = [await userWith(alpha, somebody({}, id)), somebody()];
    await unlink(await userWith(sooner, somebody({}, id)), sooner);
    await end(id);
    await stage.get(StoredInstances).reread();
    await expect(unlink(userId, alpha)).rejects.toMatchObject({ code: 'user.last_sign_in_method_required' });
  });

  it.each([
    ['of Logto', 'logto', true],
    ['of a strategy that the application names as its own', 'password', true],
    ['of which nobody knows what it comes by (AL-14)', 'unheard-of', false],
  ])('beside an account %s is allowed: %s %s', async (_, connectorId, isAllowed) => {
    const alpha = somebody();
    const userId = await userWith(alpha, somebody({}, connectorId));
    const outcome = await unlink(userId, alpha).then(
      () => true,
      ({ code }: { code: string }) => code !== 'user.last_sign_in_method_required',
    );
    expect(outcome).toBe(isAllowed);
  });

  it('leaves one of the last two that are unlinked at the same time (AL-14)', async () => {
    for (let round = 0; round < 5; round += 1) {
      const accounts = [somebody(), somebody({}, 'beta')];
      const userId = await userWith(...accounts);
      const outcomes = await Promise.allSettled(accounts.map((at) => unlink(userId, at)));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await stage.identities(userId)).toHaveLength(1);
    }
  });

  it('never takes an account that another user has linked meanwhile', async () => {
    const [alpha, beta] = [somebody(), somebody({}, 'beta')];
    const userId = await userWith(alpha, beta);
    const other = await stage.signIn(somebody());
    await expect(link(other, alpha)).rejects.toMatchObject({ code: 'user.identity_already_in_use' });
    expect(await last('identity.linked')).toMatchObject({
      outcome: 'refused',
      reason: 'linked_to_another',
      userId: other,
    });
    expect(await stage.identities(userId)).toHaveLength(2);
  });
});
