import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { inParallel } from '../../src/common/in-parallel.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { refusalOf } from '../support/round-trip.js';
import { LIFETIME_SECONDS, RefreshingProvider, seed, userOf, VirtualClock } from './renewal-stage.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const ROWS = 200;
const OUTAGE_SECONDS = 600;
const READS = 1000;
/** Beside the few that find out, and those on their way by then: one each time when a pause is over, that doubles up to a minute. */
const PROBES = 30;

describe.each(databaseKinds)('readers of a provider on %s', (kind) => {
  const clock = new VirtualClock();
  let provider: RefreshingProvider;
  let stage: VaultStage;

  beforeAll(async () => {
    provider = await new RefreshingProvider(clock).start();
    stage = await startVault({ kind, clock, instances: [genericInstance(provider.origin)] });
  });
  beforeEach(async () => {
    provider.reset();
    await stage.dataSource.getRepository(StoredSecret).clear();
    await seed(stage, 'generic', ROWS);
  });
  afterAll(async () => {
    await stage.close();
    await provider.close();
  });

  const read = async (index: number) =>
    (await stage.vault.read(userOf(index % ROWS), 'generic')).accessToken.reveal();
  const everyone = Array.from({ length: ROWS }, (_, index) => index);

  describe('that is down for ten minutes', () => {
    beforeEach(() => void (provider.answers = () => json({}, 503)));

    it('are told so at once, and when to come back, by few probes for 1,000 reads; afterwards all read (RR-26)', async () => {
      clock.advance(LIFETIME_SECONDS);
      const codes = new Set<string>();
      for (let index = 0; index < READS; index += 1) {
        const { code, retryAfterSeconds = 0 } = await refusalOf(read(index));
        codes.add(code);
        expect(retryAfterSeconds).toBeGreaterThan(0);
        if (index % 5 === 0) clock.advance((5 * OUTAGE_SECONDS) / READS);
      }
      expect([...codes]).toEqual(['connector.provider_unavailable']);
      expect(provider.refreshes.length).toBeLessThanOrEqual(PROBES);

      provider.answers = undefined;
      clock.advance(300);
      await read(0);
      const tokens: string[] = [];
      await inParallel(everyone, 20, async (index) => void tokens.push(await read(index)));
      expect(new Set(tokens).size).toBe(ROWS);
      expect(tokens.every((token) => token.startsWith('access'))).toBe(true);
    });

    it('send one probe when a pause is over, however many ask at that moment, and nobody waits for it (RR-26)', async () => {
      clock.advance(LIFETIME_SECONDS);
      for (let index = 0; index < 5; index += 1) await refusalOf(read(index));
      clock.advance(5);
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      provider.answers = () => ended.then(() => json({}, 503));
      const refused: string[] = [];
      const readings = everyone
        .slice(5)
        .map(async (index) => refused.push((await refusalOf(read(index))).code));
      while (refused.length < readings.length - 1 || provider.refreshes.length < 6) await turn();
      end();
      await Promise.all(readings);
      expect([provider.refreshes.length, refused.length]).toEqual([6, ROWS - 5]);
    });

    it('are served meanwhile what is still good (RR-26)', async () => {
      clock.advance(LIFETIME_SECONDS - 200);
      for (const index of everyone) expect(await read(index)).toBe(`first-access-of-${userOf(index)}`);
      expect(provider.refreshes.length).toBeLessThanOrEqual(PROBES);
    });
  });
});
