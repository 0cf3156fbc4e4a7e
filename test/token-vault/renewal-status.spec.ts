import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { StatusWatch } from '../../src/token-vault/renewal/status-watch.js';
import { SecretStore } from '../../src/token-vault/secret.store.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds } from '../support/databases.js';
import { turn, VirtualClock } from './renewal-stage.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

describe.each(databaseKinds)('a status that time alone has changed, on %s', (kind) => {
  const clock = new VirtualClock();
  let first: VaultStage;
  let second: VaultStage;

  beforeAll(async () => {
    const options = { kind, clock, instances: [genericInstance('http://127.0.0.1:9')] };
    first = await startVault(options);
    second = await startVault({ ...options, database: first.database });
  });

  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const owner = (userId: string) => ({ userId, connectorId: 'generic', target: 'generic', subject: userId });
  /** What was told of the user's token set, in order. */
  const told = async (userId: string) => {
    const where = { userId, event: 'secret.status_updated' };
    const entries = await first.dataSource.manager.find(AuditEntry, { where, order: { at: 'ASC' } });
    return entries.map(({ reason }) => reason);
  };
  /** At the same time; on SQLite one after the other, as in one thread a transaction cannot wait for another connection's. */
  async function everywhere(look: (stage: VaultStage) => Promise<unknown>): Promise<void> {
    if (kind === 'PostgreSQL') return void (await Promise.all([first, second].map(look)));
    for (const stage of [first, second]) await look(stage);
  }
  /** Whoever leads. */
  const lookEverywhere = () => everywhere((stage) => stage.get(StatusWatch).sweep(() => true));
  const statusOf = async (userId: string) => {
    const [{ status, reason }] = await second.vault.list(userId);
    return [status, reason];
  };

  it('is told once, however many instances look: a grant that will end, and that has ended', async () => {
    const grantExpiresAt = clock.now() + 8 * DAY_SECONDS;
    await first.grant(owner('ada'), {
      accessToken: 'a',
      refreshToken: 'r',
      expiresIn: HOUR_SECONDS,
      grantExpiresAt,
    });
    clock.advance(DAY_SECONDS - 1);
    await lookEverywhere();
    expect([await told('ada'), await statusOf('ada')]).toEqual([[], ['active', null]]);
    clock.advance(1);
    await lookEverywhere();
    await lookEverywhere();
    expect([await told('ada'), await statusOf('ada')]).toEqual([['expiring'], ['expiring', null]]);
    clock.advance(7 * DAY_SECONDS);
    await lookEverywhere();
    await lookEverywhere();
    expect(await told('ada')).toEqual(['expiring', 'no_refresh_token']);
    expect(await statusOf('ada')).toEqual(['reauthorization_required', 'no_refresh_token']);
  });

  it('is told once by whichever instance leads, and not again by a read: a token without anything to renew it', async () => {
    await first.grant(owner('bob'), { accessToken: 'a', expiresIn: HOUR_SECONDS });
    clock.advance(HOUR_SECONDS);
    expect(await told('bob')).toEqual([]);
    await everywhere(turn);
    expect(await told('bob')).toEqual(['no_refresh_token']);
    await expect(first.vault.read('bob', 'generic')).rejects.toMatchObject({
      code: 'reauthorization_required',
    });
    await turn(first);
    expect(await told('bob')).toEqual(['no_refresh_token']);
  });

  it('is told too where the process died between the change and the telling', async () => {
    await first.grant(owner('eve'), { accessToken: 'a', refreshToken: 'r', expiresIn: HOUR_SECONDS });
    expect(await first.get(SecretStore).revokeOfAccount('generic', 'eve')).toEqual(['eve']);
    await lookEverywhere();
    await lookEverywhere();
    expect(await told('eve')).toEqual(['revoked_by_provider']);
  });

  it('is looked at once for every row that an earlier version has written', async () => {
    await first.grant(owner('kim'), { accessToken: 'a', refreshToken: 'r', expiresIn: HOUR_SECONDS });
    await first.dataSource.manager.update(StoredSecret, { userId: 'kim' }, { statusDueAt: 0 });
    await lookEverywhere();
    expect(await first.row('kim')).toMatchObject({ statusDueAt: null, announcedStatus: 'active' });
    expect(await told('kim')).toEqual([]);
  });
});
