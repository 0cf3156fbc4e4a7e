import assert from 'node:assert/strict';
import { isLatchkeyError } from '../../common/errors.js';
import type { Cases } from '../conformance.js';
import { stepOf, type Fault } from '../fake-provider.js';
import { mutantsOf } from '../mutants.js';
import { exchange } from './exchanging.js';

/** Names that no person has, and that a careless conversion would give to all of them. */
const NOBODY = new Set(['', '0', 'null', 'undefined', 'NaN', 'true', 'false', '[object Object]']);

/** Every member of every JSON answer of the exchange is replaced in turn by something that it should not be. */
export const mutationCases: Cases = ({ subject, stage: open }) => [
  {
    name: 'makes nobody of a garbled answer: an error with a code, or a person with a subject',
    run: async () => {
      const stage = await open();
      for (const step of await stepsOf(async () => {
        await exchange(stage, subject);
        return stage.provider.requests.map(stepOf);
      })) {
        for (let index = 0, count = 1; index < count; index += 1) {
          const fault: Fault = (answer, request) => {
            if (stepOf(request) !== step || answer.json === undefined) return answer;
            const mutants = mutantsOf(answer.json);
            count = mutants.length;
            return { ...answer, json: mutants[index] };
          };
          await assertSound(() => exchange(stage, subject, { fault }), `${step}, mutant ${index}`);
        }
      }
    },
  },
];

const stepsOf = async (run: () => Promise<string[]>): Promise<Set<string>> => new Set(await run());

async function assertSound(
  run: () => Promise<{ readonly identity: { readonly subject: unknown; readonly email?: unknown } }>,
  what: string,
): Promise<void> {
  try {
    const { identity } = await run();
    assert.equal(typeof identity.subject, 'string', what);
    assert.ok(!NOBODY.has(String(identity.subject)), `${what}: subject "${String(identity.subject)}"`);
    assert.ok(['string', 'undefined'].includes(typeof identity.email), what);
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
  }
}
