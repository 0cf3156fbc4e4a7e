import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { DROP } from '../support/hostile-issuer-http.js';
import { doors, Stage } from './stage.js';

describe.each(platforms)("an issuer's keys on %s", (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open(platform);
  });

  afterAll(() => stage.close());

  describe.each(doors)('at $name', (door) => {
    it('are fetched once for many sign-ins', async () => {
      await stage.accepts(door);
      const asked = stage.issuer(door).requestsTo('jwks').length;
      for (let signIn = 0; signIn < 3; signIn += 1) await stage.accepts(door);
      expect(stage.issuer(door).requestsTo('jwks')).toHaveLength(asked);
    });

    it.each(['ES384', 'RS256'] as const)(
      'may change between two sign-ins, to %s (ID-45)',
      async (algorithm) => {
        await stage.accepts(door);
        await stage.issuer(door).changeKey(algorithm);
        await stage.accepts(door);
      },
    );

    it('may change just before signing (ID-46)', async () => {
      await stage.accepts(door);
      const browser = new Browser();
      const callback = await stage.pending(door, browser);
      await stage.issuer(door).changeKey('ES384');
      expect((await stage.arrive(callback, browser)).verdict).toBe('accepted');
    });

    it('are found again after the set came empty once', async () => {
      const issuer = stage.issuer(door);
      await issuer.changeKey('ES384');
      await stage.refuses(door, () => stage.attempt(door), { keys: () => [] });
      issuer.behave();
      await stage.accepts(door);
    });

    it('that are known serve while the set is away (ID-49)', async () => {
      await stage.accepts(door);
      stage.issuer(door).bend({ answers: { jwks: () => DROP } });
      expect((await stage.attempt(door)).verdict).toBe('accepted');
      stage.issuer(door).behave();
    });
  });
});
