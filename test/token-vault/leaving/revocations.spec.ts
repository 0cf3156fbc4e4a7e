import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  ConnectorInstances,
  IdentitiesService,
  LatchkeyError,
  Revocations,
  Secret,
  TokenVaultService,
  UsersService,
  type IdentityAt,
} from '../../../src/index.js';
import { FormerConnector } from '../../../src/connectors/instances/former-connector.entity.js';
import { Revocation } from '../../../src/token-vault/leaving/revocation.entity.js';
import { RevocationOutbox } from '../../../src/token-vault/leaving/revocation.outbox.js';
import { StoredSecret } from '../../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { StandingClock } from '../../support/standing-clock.js';
import { Stage, somebody, type StageOptions } from '../../identities/stage.js';
import { ANY_WRITE, AUDIT_LOG, repair, spoil } from '../spoiled-writes.js';

const HEAD_START_SECONDS = 10;
const DAY_SECONDS = 24 * 60 * 60;

describe.each(databaseKinds)('grants that are over, on %s', (kind) => {
  let database: TemporaryDatabase;
  let stage: Stage;

  /** Nothing becomes due by itself: a test says when. */
  const open = (options: StageOptions = {}) =>
    Stage.open({ database, clock: new StandingClock(), ...options });

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    stage = await open();
  });
  afterEach(async () => {
    await stage.close();
    await database.drop();
  });

  const vault = () => stage.get(TokenVaultService);
  const rows = () => stage.dataSource.manager.find(Revocation);
  const tokenSet = (name: string) => ({ accessToken: new Secret(name), tokenType: 'Bearer' });
  const ownerOf = (userId: string, { connectorId, target, identity: { subject } }: IdentityAt) => ({
    userId,
    connectorId,
    target,
    subject,
  });

  /** A user with an account and a token set of it. */
  async function settled(at: IdentityAt = somebody(), name = `at-${at.identity.subject}`) {
    const userId = await stage.signIn(at);
    await stage.run((manager) => vault().store(manager, ownerOf(userId, at), tokenSet(name)));
    return { userId, name, owner: ownerOf(userId, at) };
  }

  async function until(isSo: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('it did not come to that');
  }

  it('are ended at once, and nothing of them stays', async () => {
    const { userId, name } = await settled();
    expect(await stage.get(UsersService).remove(userId)).toBe('revoked');
    expect(stage.provider.revoked).toEqual([name]);
    expect(await rows()).toEqual([]);
    expect((await stage.audit()).filter(({ event }) => event === 'grant.ended')).toMatchObject([
      { outcome: 'done', userId, connectorId: 'alpha', target: 'alpha' },
    ]);
  });

  it('are pending while the provider is away, sealed meanwhile, and ended once it is back', async () => {
    const { userId, name } = await settled();
    stage.provider.isDown = true;
    expect(await stage.get(UsersService).remove(userId)).toBe('pending');
    expect(await rows()).toMatchObject([{ attempts: 1, lastError: 'connector.provider_unavailable' }]);
    expect((await database.dump()).includes(name)).toBe(false);
    stage.provider.isDown = false;
    stage.clock.advance(60);
    await until(async () => (await rows()).length === 0);
    expect(stage.provider.revoked).toEqual([name, name]);
  });

  it('are tried with growing pauses for days, then given up without their tokens, which the log and the table say', async () => {
    const { userId } = await settled();
    stage.provider.isDown = true;
    await stage.get(UsersService).remove(userId);
    await stage.get(Revocations).beforeApplicationShutdown();
    const outbox = stage.get(RevocationOutbox);
    const pauses: number[] = [];
    for (let [row] = await rows(); row?.dueAt != null; [row] = await rows()) {
      pauses.push(row.dueAt - stage.clock.now());
      stage.clock.advance(Math.max(0, row.dueAt - stage.clock.now()));
      const [taken] = await outbox.take(1);
      await outbox.failed(taken, new LatchkeyError('connector.provider_unavailable', 'away'));
    }
    expect(pauses[0]).toBeLessThanOrEqual(8);
    expect(Math.max(...pauses)).toBeGreaterThan(3 * 60 * 60);
    expect(pauses.reduce((sum, pause) => sum + pause)).toBeGreaterThan(3 * DAY_SECONDS);
    expect(await rows()).toMatchObject([
      { dueAt: null, attempts: 40, subject: '', sealed: { keyId: '', wrappedKey: '', ciphertext: '' } },
    ]);
    expect(await outbox.deadLetters()).toBe(1);
    expect((await stage.audit()).filter(({ event }) => event === 'grant.ended')).toMatchObject([
      { reason: 'given_up', outcome: 'refused', userId },
    ]);
  });

  it('count as ended where the provider says that they are over already', async () => {
    const { userId } = await settled();
    stage.provider.refusal = new LatchkeyError('connector.grant_invalid', 'over');
    expect(await stage.get(UsersService).remove(userId)).toBe('revoked');
    expect(await rows()).toEqual([]);
  });

  it('are unsupported where nothing was held, and where the provider knows no way', async () => {
    expect(await stage.get(UsersService).remove(await stage.signIn(somebody()))).toBe('unsupported');
    const { userId } = await settled();
    Object.defineProperty(stage.provider, 'revoke', { value: undefined });
    expect(await stage.get(UsersService).remove(userId)).toBe('unsupported');
    expect([await rows(), await vault().list(userId)]).toEqual([[], []]);
  });

  it('are unsupported, and nothing else is written down, where the provider of the instance knows no way', async () => {
    const { userId } = await settled();
    Object.defineProperty(stage.provider, 'revoke', { value: () => Promise.resolve('unsupported') });
    expect(await stage.get(UsersService).remove(userId)).toBe('unsupported');
    expect(await rows()).toEqual([]);
    expect((await stage.audit()).filter(({ event }) => event === 'grant.ended')).toMatchObject([
      { outcome: 'refused', reason: 'unsupported', userId },
    ]);
  });

  it('go on where the same client holds tokens of the same account through another instance', async () => {
    const subject = 'one account at two instances';
    const first = await settled(somebody({ subject }));
    const second = await settled(somebody({ subject, issuer: 'https://alpha.test' }, 'beta'), 'the other');
    expect(await stage.get(UsersService).remove(first.userId)).toBe('unsupported');
    expect([stage.provider.revoked, await rows()]).toEqual([[], []]);
    expect((await stage.audit()).filter(({ event }) => event === 'grant.ended')).toMatchObject([
      { outcome: 'refused', reason: 'granted_anew' },
    ]);
    expect(await stage.get(UsersService).remove(second.userId)).toBe('revoked');
    expect(stage.provider.revoked).toEqual(['the other']);
  });

  it('keep nobody waiting for a slow provider', async () => {
    await stage.close();
    stage = await open({ revocationTimes: { patienceMilliseconds: 50 } });
    const { userId, name } = await settled();
    let answer: () => void = () => undefined;
    stage.provider.delay = new Promise((resolve) => (answer = resolve));
    expect(await stage.get(UsersService).remove(userId)).toBe('pending');
    answer();
    await until(async () => (await rows()).length === 0);
    expect(stage.provider.revoked).toEqual([name]);
  });

  it('are not over where the transaction was rolled back', async () => {
    const { owner, userId } = await settled();
    const failing = stage.run(async (manager) => {
      await vault().forget(manager, owner);
      throw new Error('something else went wrong');
    });
    await expect(failing).rejects.toThrow('something else');
    expect(await rows()).toEqual([]);
    expect(await vault().list(userId)).toHaveLength(1);
  });

  it('are ended by another instance where the one that wrote so has died before it tried', async () => {
    const { owner, name } = await settled();
    await stage.get(Revocations).beforeApplicationShutdown();
    await stage.run((manager) => vault().forget(manager, owner));
    const other = await open();
    try {
      other.clock.advance(HEAD_START_SECONDS);
      await until(() => other.provider.revoked.length > 0);
      expect(other.provider.revoked).toEqual([name]);
      await until(async () => (await rows()).length === 0);
      expect(stage.provider.revoked).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('include one that never was in the vault (RR-08)', async () => {
    const revocations = stage.get(Revocations);
    const late = { connectorId: 'alpha', tokenSet: { ...tokenSet('a late answer'), scope: ['a', 'b'] } };
    const grant = await stage.run((manager) => revocations.add(manager, late));
    expect((await database.dump()).includes('a late answer')).toBe(false);
    expect(await revocations.attempt([grant])).toBe('revoked');
    expect(stage.provider.revoked).toEqual(['a late answer']);
  });

  it('do not open once they are altered, and are given up at once', async () => {
    const { owner } = await settled();
    const grant = await stage.run((manager) => vault().forget(manager, owner));
    await stage.dataSource.manager.update(Revocation, { id: grant?.revocationId }, { userId: 'another' });
    expect(await vault().endGrants(grant ? [grant] : [])).toBe('pending');
    expect(await rows()).toMatchObject([{ dueAt: null, lastError: 'vault.integrity_error' }]);
    expect(stage.provider.revoked).toEqual([]);
  });

  it.each([
    ['ended', { outcome: 'done', reason: null }],
    ['given up', { outcome: 'refused', reason: 'given_up' }],
  ])('are not %s before the audit log says so', async (ending, said) => {
    const { owner } = await settled();
    await stage.get(Revocations).beforeApplicationShutdown();
    const grant = await stage.run((manager) => vault().forget(manager, owner));
    if (ending === 'given up')
      await stage.dataSource.manager.update(Revocation, { id: grant?.revocationId }, { userId: 'another' });
    await spoil(stage, ANY_WRITE, AUDIT_LOG);
    const attempt = () => vault().endGrants(grant ? [grant] : []);
    expect(await attempt()).toBe('pending');
    const [row] = await rows();
    expect([row.dueAt, row.sealed.ciphertext]).toEqual([expect.any(Number), expect.stringMatching(/./)]);
    await repair(stage, AUDIT_LOG);
    await attempt();
    expect((await rows()).filter(({ sealed }) => sealed.ciphertext !== '')).toEqual([]);
    expect((await stage.audit()).filter(({ event }) => event === 'grant.ended')).toMatchObject([said]);
  });

  it('are 10,000 when an instance is deleted, and no more is asked of the database than for one', async () => {
    const instances = stage.get(ConnectorInstances);
    await instances.create({ id: 'many', connectorId: 'fake', config: {}, metadata: { target: 'many' } });
    const { owner } = await settled(somebody({}, 'many'));
    const secrets = stage.dataSource.getRepository(StoredSecret);
    const [one] = await secrets.findBy({ connectorId: owner.connectorId });
    for (let index = 0; index < 10_000; index += 500)
      await secrets.insert(
        Array.from({ length: 500 }, (_, offset) => {
          const id = String(index + offset).padStart(21, '0');
          return { ...one, id, subject: id, userId: id };
        }),
      );
    await stage.get(Revocations).beforeApplicationShutdown();
    const statements = jest.spyOn(stage.dataSource.logger, 'logQuery');
    expect(await instances.remove('many')).toEqual({ grantsToEnd: 10_001 });
    // With those of whatever goes on beside it.
    expect(statements.mock.calls.length).toBeLessThan(500);
    expect(await stage.dataSource.manager.countBy(Revocation, { connectorId: 'many' })).toBe(10_001);
    expect(await secrets.countBy({ connectorId: 'many' })).toBe(0);
    expect(await stage.dataSource.manager.count(FormerConnector)).toBe(1);
  }, 120_000);

  it('of a deleted instance are ended with its configuration, which goes with the last of them', async () => {
    const instances = stage.get(ConnectorInstances);
    const config = { clientSecret: 'of the instance' };
    await instances.create({ id: 'shop', connectorId: 'fake', config, metadata: { target: 'shop' } });
    const settledOnes = [await settled(somebody({}, 'shop')), await settled(somebody({}, 'shop'))];
    stage.provider.isDown = true;
    const [first, second] = settledOnes;
    await stage.get(UsersService).remove(first.userId);
    expect(await instances.remove('shop')).toEqual({ grantsToEnd: 1 });
    expect((await rows()).every(({ formerConnectorId }) => formerConnectorId !== null)).toBe(true);
    stage.provider.isDown = false;
    await until(async () => {
      stage.clock.advance(60);
      return (await rows()).length === 0;
    });
    expect(stage.provider.revoked).toEqual(expect.arrayContaining([first.name, second.name]));
    expect(stage.provider.revokedFor.at(-1)?.id).toBe('shop');
    await until(async () => (await stage.dataSource.manager.count(FormerConnector)) === 0);
    expect((await stage.get(IdentitiesService).list(second.userId)).length).toBe(1);
  });

  it('are ended where storage is switched off', async () => {
    const instances = stage.get(ConnectorInstances);
    const storing = { enableTokenStorage: true, metadata: { target: 'kiosk' } };
    await instances.create({ id: 'kiosk', connectorId: 'fake', config: {}, ...storing });
    const { name, userId } = await settled(somebody({}, 'kiosk'));
    expect(await instances.update('kiosk', { enableTokenStorage: false })).toMatchObject({ grantsToEnd: 1 });
    expect(await vault().list(userId)).toEqual([]);
    await until(() => stage.provider.revoked.includes(name));
    expect(await stage.dataSource.manager.count(FormerConnector)).toBe(0);
  });
});
