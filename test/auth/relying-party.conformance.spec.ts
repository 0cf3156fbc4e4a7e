import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import { callbacks } from './cases/callback.cases.js';
import { idTokenClaims } from './cases/id-token-claims.cases.js';
import { idTokenSignatures } from './cases/id-token-signature.cases.js';
import { upstreamAnswers } from './cases/upstream.cases.js';
import { ACCEPTED, atEachDoor, type ConformanceCase } from './conformance-case.js';
import { Stage, type Door } from './stage.js';
import { Verdicts } from './verdicts.js';

const verdicts = new Verdicts();

afterAll(() => verdicts.print());

describe.each(platforms)('one sign-in on %s', (platform) => {
  let common: Stage;

  beforeAll(async () => {
    common = await Stage.open(platform);
  });

  afterAll(() => common.close());

  /** What came of one sign-in; everything that a refusal guarantees beyond its status is checked on the way. */
  async function judge(stage: Stage, door: Door, { bends, expected }: ConformanceCase) {
    if (expected !== ACCEPTED) return stage.refuses(door, () => stage.attempt(door), bends);
    const before = stage.issuer(door).requestsTo('token').length;
    const { verdict } = await stage.accepts(door, bends);
    return { verdict, tokenRequests: stage.issuer(door).requestsTo('token').length - before };
  }

  const cases = [...callbacks, ...idTokenClaims, ...idTokenSignatures, ...upstreamAnswers];

  it.each(atEachDoor(cases))('$guarantee ($id) at $at', async ({ door, ...one }) => {
    const { id, guarantee, expected, freshWith, tokenRequests = 1 } = one;
    const stage = freshWith ? await Stage.open(platform, freshWith) : common;
    try {
      const seen = await judge(stage, door, one).catch((error: unknown) => {
        verdicts.add(`${id} ${guarantee}`, `${platform} ${door.name}`, expected, 'FAILED');
        throw error;
      });
      verdicts.add(`${id} ${guarantee}`, `${platform} ${door.name}`, expected, seen.verdict);
      expect(expected.split(' or ')).toContain(seen.verdict);
      expect(seen.tokenRequests).toBe(tokenRequests);
    } finally {
      if (stage !== common) await stage.close();
    }
  });
});
