import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Lease } from '../../src/common/leases/lease.entity.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds } from '../support/databases.js';
import { RefreshingProvider, LIFETIME_SECONDS, seed, turn, VirtualClock } from './renewal-stage.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

/** As many as a run of all tests has time for; any number will do. */
const CONNECTIONS = 1000;
const MARGIN_SECONDS = 300;
const PER_SECOND = 10;
const STEP_SECONDS = 5;

describe.each(databaseKinds)('many tokens that end together, on %s', (kind) => {
  const clock = new VirtualClock();
  let provider: RefreshingProvider;
  let first: VaultStage;
  let second: VaultStage;

  beforeAll(async () => {
    provider = await new RefreshingProvider(clock).start();
    const options = {
      kind,
      clock,
      instances: [genericInstance(provider.origin)],
      renewal: { perSecond: PER_SECOND, parallel: 5 },
    };
    first = await startVault(options);
    second = await startVault({ ...options, database: first.database });
  });

  afterAll(async () => {
    await second.close();
    await first.close();
    await provider.close();
  });

  /** The lease of one that has fallen silent. */
  const runOut = () => first.dataSource.manager.update(Lease, { name: 'renewal' }, { heldUntil: 0 });
  const owner = async () =>
    (await first.dataSource.manager.findOneByOrFail(Lease, { name: 'renewal' })).owner;

  /** Both instances look, until the margin of the tokens begins. */
  async function pass(seconds: number, instances: readonly VaultStage[]): Promise<void> {
    for (const end = clock.now() + seconds; clock.now() < end; clock.advance(STEP_SECONDS))
      for (const instance of instances) await turn(instance);
  }

  it('are renewed once each at a bounded rate by one of two instances, and by the other when that dies; none is late (RR-23)', async () => {
    await seed(first, 'generic', CONNECTIONS);
    const begun = clock.now();
    await pass(STEP_SECONDS, [first, second]);
    const leader = await owner();
    clock.advance(LIFETIME_SECONDS / 2 - 2 * STEP_SECONDS);
    await pass(LIFETIME_SECONDS / 5, [first, second]);
    expect(provider.refreshes.length).toBeGreaterThan(CONNECTIONS / 4);
    expect(await owner()).toBe(leader);

    await runOut();
    await turn(second);
    expect(await owner()).not.toBe(leader);
    await pass(begun + LIFETIME_SECONDS - MARGIN_SECONDS - clock.now(), [second]);

    expect(provider.refreshes).toHaveLength(CONNECTIONS);
    expect(provider.timesEach).toEqual([1]);
    expect(provider.mostInASecond).toBeLessThanOrEqual(PER_SECOND);
    const times = provider.refreshes.map(({ at }) => at - begun);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(LIFETIME_SECONDS / 2);
    expect(Math.max(...times)).toBeLessThan(LIFETIME_SECONDS - MARGIN_SECONDS);
    const rows = await first.dataSource.manager.findBy(StoredSecret, { connectorId: 'generic' });
    expect(
      rows.filter(({ version, state, failures }) => version !== 2 || state !== 'active' || failures > 0),
    ).toEqual([]);
  }, 240_000);
});
