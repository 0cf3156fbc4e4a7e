import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { judgeExchange, judgeSignIn, type Verdict } from './mutation/judgement.js';
import { Random } from './mutation/random.js';
import { Rig } from './mutation/rig.js';
import { mutationSubjects } from './mutation/subjects.js';

/** Another seed is another ten thousand. What fails names its own, which repeats it alone. */
const SEED = 20_261_107;
const EXCHANGES = 1100;
const SIGN_INS = 150;
const TIME_LIMIT_MILLISECONDS = 300_000;

describe.each(Object.entries(mutationSubjects))('mutated answers of %s (F8)', (name, under) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.open(under);
    const { issuer, subject } = under.subject.identity;
    expect(await rig.learn()).toMatchObject({ identity: { issuer, subject } });
  }, TIME_LIMIT_MILLISECONDS);
  afterAll(() => rig.close());

  it(
    'end in an error with a code, or in the person of whom the provider has spoken',
    () => run(EXCHANGES, 0, judgeExchange),
    TIME_LIMIT_MILLISECONDS,
  );

  it(
    'open a session for that person alone, and none where nobody can be recognised',
    async () => {
      rig.restore();
      expect(await judgeSignIn(rig)).toEqual({ end: 'recognised' });
      await run(SIGN_INS, EXCHANGES, judgeSignIn);
    },
    TIME_LIMIT_MILLISECONDS,
  );

  it('leave the language as it was', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  /** Both ends have to be common, or the mutations would be none, or nothing else. */
  async function run(count: number, first: number, judge: (rig: Rig) => Promise<Verdict>): Promise<void> {
    const ends = { recognised: 0, refused: 0 };
    const faults: string[] = [];
    for (let index = first; index < first + count; index += 1) {
      const seed = SEED + index;
      rig.mutate(new Random(seed));
      const verdict = await judge(rig);
      if ('end' in verdict) ends[verdict.end] += 1;
      else faults.push(`seed ${seed}: ${verdict.fault}\n${answersOf(rig)}`);
    }
    expect({ name, count: faults.length, faults: faults.slice(0, 3) }).toEqual({
      name,
      count: 0,
      faults: [],
    });
    expect(Math.min(ends.recognised, ends.refused)).toBeGreaterThan(count / 20);
  }
});

const answersOf = ({ served }: Rig): string =>
  [...served].map(([path, { status, text }]) => `  ${path} ${status} ${text.slice(0, 400)}`).join('\n');
