import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity, type IdentityAt } from '../../src/index.js';
import { databaseKinds } from '../support/databases.js';
import { Stage, somebody } from './stage.js';

const PAIRS = 40;

const onPostgres = databaseKinds.includes('PostgreSQL') ? describe : describe.skip;

onPostgres('two first sign-ins with one address, at two providers and two instances', () => {
  let first: Stage;
  let second: Stage;

  beforeAll(async () => {
    first = await Stage.open({ database: 'PostgreSQL' });
    second = await Stage.open({ database: first.database });
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const outcome = (stage: Stage, at: IdentityAt): Promise<string> =>
    stage.signIn(at).catch(({ code }: { code: string }) => code);

  const race = (number: number): Promise<string[]> => {
    const emails = [`pair-${number}@example.test`, `Pair-${number}@example.test`];
    return Promise.all([
      outcome(first, somebody({ email: emails[0] })),
      outcome(second, somebody({ email: emails[1] }, 'beta')),
    ]);
  };

  const ownersOf = async (number: number): Promise<string[]> => {
    const emailCanonical = `pair-${number}@example.test`;
    return (await first.dataSource.manager.findBy(Identity, { emailCanonical })).map(({ userId }) => userId);
  };

  it('make one user, and a refusal (AL-20)', async () => {
    for (let number = 0; number < PAIRS; number += 1) {
      const outcomes = await race(number);
      expect(outcomes.filter((each) => each === 'user.email_already_in_use')).toHaveLength(1);
      expect(await ownersOf(number)).toHaveLength(1);
    }
  }, 120_000);

  it('make one user who has both accounts, where linking is automatic (AL-20)', async () => {
    first.automaticLinking = second.automaticLinking = true;
    for (let number = PAIRS; number < 2 * PAIRS; number += 1) {
      const email = `pair-${number}@example.test`;
      const ids = await Promise.all([
        outcome(first, somebody({ email })),
        outcome(second, somebody({ email }, 'beta')),
      ]);
      expect(new Set(ids).size).toBe(1);
      expect(await ownersOf(number)).toEqual([ids[0], ids[0]]);
    }
  }, 120_000);
});
